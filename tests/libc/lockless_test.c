/* SPDX-License-Identifier: MIT */
/* The malloc family on a port without a lock: nothing is in the way. */
#include <errno.h>
#include <stdlib.h>

#include "heap.h"
#include "tap.h"

static size_t taken;

static void *take(void *ctx, ptrdiff_t increment)
{
	size_t n;
	char *arena = tap_arena(&n), *old = arena + taken;

	(void)ctx;
	if (increment > 0 && (size_t)increment > n - taken)
		return (void *)-1;
	if (increment < 0 && (size_t)0 - (size_t)increment > taken)
		return (void *)-1;
	taken += (size_t)increment;
	return old;
}

static unsigned faults;

static void count(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	(void)fault;
	faults++;
}

const struct heap_port heap_port_default = {.sbrk = take, .fault = count};

void *sbrk(ptrdiff_t increment);

static size_t size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

TEST(the_break_and_malloc_need_no_lock)
{
	size_t n;
	char *mine = sbrk(64), *p;

	CHECK(mine == tap_arena(&n));
	p = malloc(size(100));
	CHECK(p != NULL && p >= mine + 64);
	free(p);
	CHECK(sbrk(0) == (char *)tap_arena(&n) + taken);
	errno = 0;
	CHECK(sbrk(PTRDIFF_MAX) == (void *)-1 && errno == ENOMEM);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

/* ---- malloc and free by themselves ------------------------------------------- */

#if HEAP_CHECK < 3
TEST(blocks_of_any_size_come_and_go)
{
	enum { BLOCKS = 24 };
	static unsigned char *p[BLOCKS];
	static size_t n[BLOCKS];
	uint32_t seed = (uint32_t)tap_arg("seed", 1);
	unsigned refused = 0;

	heap_reset(&heap_default);
	for (unsigned round = 0; round < 3000; round++) {
		uint32_t i = tap_below(&seed, BLOCKS);
		size_t to = tap_below(&seed, 10) == 0 ? tap_below(&seed, 2000)
						      : tap_below(&seed, 120);

		for (size_t k = 0; k < n[i]; k++)
			CHECK_EQ(p[i][k], (unsigned char)(i + k));
		free(p[i]);
		p[i] = malloc(size(to));
		refused += p[i] == NULL;
		n[i] = p[i] != NULL ? to : 0;
		for (size_t k = 0; k < n[i]; k++)
			p[i][k] = (unsigned char)(i + k);
	}
	/* A request that no memory can serve, and the end of all. */
	CHECK(malloc(size(SIZE_MAX / 2)) == NULL);
	for (unsigned i = 0; i < BLOCKS; i++)
		free(p[i]);
	CHECK(refused < 1000);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

TEST(a_full_heap_serves_again_when_something_is_freed)
{
	void *p, *list = NULL, *next;
	unsigned count = 0;

	heap_reset(&heap_default);
	while ((p = malloc(size(200))) != NULL) {
		*(void **)p = list;
		list = p;
		count++;
	}
	while ((p = malloc(size(0))) != NULL)
		continue;
	CHECK(list != NULL);
	next = *(void **)list;
	free(list);
	CHECK(malloc(size(200)) == list);
	CHECK(malloc(size(200)) == NULL);
	/* Every second one: no two are joined. */
	for (list = next; list != NULL; list = next) {
		next = *(void **)list;
		free(list);
		if (next != NULL)
			next = *(void **)next;
	}
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
	CHECK(count > 2);
}

/* Bytes to ask for so that a chunk has n units. */
static size_t units(size_t n)
{
	return n * HEAP_ALIGN - sizeof(size_t);
}

/* The only chunk that fits stands last in its bin. */
TEST(a_full_heap_looks_further_for_what_fits)
{
	enum { SMALL = HEAP_SEARCH + 2 };
	void *fits, *small[SMALL];

	heap_reset(&heap_default);
	fits = malloc(size(units(23)));
	CHECK(malloc(size(0)) != NULL);
	for (unsigned i = 0; i < SMALL; i++) {
		small[i] = malloc(size(units(17)));
		CHECK(malloc(size(0)) != NULL);
	}
	for (size_t n = 1 << 14; n != 0; n /= 2)
		while (malloc(size(n)) != NULL)
			continue;
	free(fits);
	for (unsigned i = 0; i < SMALL; i++)
		free(small[i]);
	CHECK(malloc(size(units(20))) == fits);
	CHECK(malloc(size(units(20))) == NULL);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}
#endif

#if HEAP_CHECK == 2
static size_t *block[11];
static void *volatile got;

/* Free chunks, two of a size, one tiny, one to be split, all between used ones. */
static void lay(void)
{
	static const size_t bytes[] = {40, 40, 0,  0,   90, 40,
				       24, 40, 24, 200, 24};

	heap_reset(&heap_default);
	for (unsigned i = 0; i < 11; i++)
		block[i] = malloc(size(bytes[i]));
	free(block[1]);
	free(block[3]);
	free(block[5]);
	free(block[9]);
}

static void act(unsigned what)
{
	static int object;

	switch (what) {
	case 0:
		got = malloc(size(40));
		break;
	case 1:
		got = malloc(size(0));
		break;
	case 2:
		got = malloc(size(10));
		got = malloc(size(300));
		break;
	case 3:
		free(&object);
		break;
	case 4:
		free(block[5]);
		break;
	case 5:
		free((char *)block[4] + HEAP_ALIGN);
		break;
	case 6:
		free((char *)block[4] + 1);
		break;
	case 7:
		got = malloc(size(1000000));
		break;
	case 8:
		/* Into the bin of block 5, as is what this leaves of block 9. */
		free(block[7]);
		break;
	case 9:
		got = malloc(size(150));
		break;
	case 10:
		got = realloc(block[4], size(120));
		break;
	default:
		free(block[(what - 11) * 2]);
	}
}

#define ACTS (11 + 4)

/*
 * Any word of these chunks is changed in several ways, and then each call is
 * tried: it may tell, or do its work; it may not crash.
 */
TEST(damage_around_any_chunk_crashes_no_call)
{
	const size_t masks[] = {HEAP_ALIGN, 1, 2, 5 * HEAP_ALIGN, ~(size_t)0};
	unsigned told = 0;

	lay();
	for (unsigned what = 3; what <= 6; what++) {
		unsigned before = faults;

		lay();
		act(what);
		CHECK_EQ(faults, before + 1);
	}
	for (unsigned i = 0; i < 5; i++)
		for (unsigned what = 0; what < ACTS; what++)
			for (ptrdiff_t word = -1; word < 70; word++) {
				unsigned before = faults;

				lay();
				block[0][word] ^= masks[i];
				act(what);
				told += faults != before;
			}
	CHECK(told > 500);
	heap_reset(&heap_default);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}
#endif
