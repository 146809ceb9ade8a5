/* SPDX-License-Identifier: MIT */
/*
 * Large blocks on Linux, which are mappings of their own, with the port of Linux
 * but for a `fault` that only records; what the kernel refuses; and the break.
 */
#define _GNU_SOURCE
#include "front.h"

#include <stdio.h>

#include "libc/blocks.h"
#include "libc/host_quick.h"
#include "state.h"

#define PAGE    ((size_t)4096)
#define SMALL   ((size_t)128 << 10) /* the first that are mapped */
#define HIGHEST (SIZE_MAX > 0xffffffffu ? (size_t)32 << 20 : (size_t)512 << 10)

int brk(void *to);
void *sbrk(ptrdiff_t increment);

static size_t pages_of(size_t n)
{
	return (n + PAGE - 1) / PAGE * PAGE;
}

/* As if nothing large had been freed yet. */
static void start_anew(void)
{
	heap_mapped_least = SMALL;
	start();
}

static size_t mapped_blocks(void)
{
	size_t blocks, bytes;

	heap_mapped_count(&blocks, &bytes);
	return blocks;
}

static size_t mapped_bytes(void)
{
	size_t blocks, bytes;

	heap_mapped_count(&blocks, &bytes);
	return bytes;
}

/* Bytes of addresses that the process has, as the kernel counts them. */
static size_t addresses(void)
{
	size_t pages = 0;
	char text[32] = {0};
	int file = open("/proc/self/statm", 0);

	if (file < 0 || read(file, text, sizeof(text) - 1) <= 0)
		text[0] = '\0';
	close(file);
	for (const char *at = text; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (size_t)(*at - '0');
	return pages * PAGE;
}

UNUSED_IN_SOME static bool is_resident(const void *p)
{
	unsigned char resident = 0;

	return mincore((void *)((uintptr_t)p & ~(uintptr_t)(PAGE - 1)), 1,
		       &resident) == 0 &&
	       (resident & 1) != 0;
}

/* The first one: it is about the highest mapping so far. */
TEST(a_mapping_above_all_others_is_known)
{
	const size_t hole = LARGE + (LARGE / 2) / PAGE * PAGE;
	char *above =
		mmap(NULL, hole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p, *q;

	start_anew();
	CHECK(above != MAP_FAILED);
	p = get(LARGE);
	CHECK(p != NULL);
	munmap(above, hole);
	/* It lies there now, if the kernel takes the highest place. */
	q = get(hole - PAGE);
	CHECK(q != NULL);
	tap_diag("the second is %s", q > p ? "above" : "below");
	CHECK(malloc_usable_size(q) >= hole - PAGE);
	CHECK(malloc_usable_size(p) >= LARGE);
	free(hidden(q));
	free(hidden(p));
	check_sound();
}

#if HEAP_CHECK != 0
TEST(below_all_mappings_nothing_is_read)
{
	const size_t n = 3 * LARGE / PAGE * PAGE;
	char *p;
	char *below =
		mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	start_anew();
	CHECK(below != MAP_FAILED);
	free(hidden(below + 64));
	told(HEAP_FAULT_FOREIGN, below + 64);
	free(hidden(below + PAGE));
	told(HEAP_FAULT_FOREIGN, below + PAGE);
	munmap(below, n);
	/* Nor right below the lowest one. */
	p = get(2 * n);
	CHECK(p != NULL);
	below = mmap(NULL, 2 * n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	CHECK(below != MAP_FAILED);
	free(hidden(p - 64));
	told(HEAP_FAULT_FOREIGN, p - 64);
	free(hidden(p));
	munmap(below, 2 * n);
	check_sound();
}

TEST(what_is_no_mapped_block_is_told)
{
	static _Alignas(4096) char object[8192];
	/* On the stack, above all mappings. */
	_Alignas(4096) char above[8192];
	char *p, *q;
	size_t *seal, was;

	start();
	p = get(LARGE);
	q = get(LARGE);
	CHECK(p != NULL && q != NULL);
	/* Where a mapped block might begin, but none ever was. */
	free(hidden(object + 64));
	told(HEAP_FAULT_FOREIGN, object + 64);
	CHECK(realloc(hidden(object + 64), size(2 * LARGE)) == NULL);
	told(HEAP_FAULT_FOREIGN, object + 64);
	free(hidden(above + 64));
	told(HEAP_FAULT_FOREIGN, above + 64);
	/* Between mappings, and in one. */
	p[4096] = 1;
	free(hidden(p + 4096));
	told(HEAP_FAULT_FOREIGN, p + 4096);
	seal = (size_t *)(void *)p - 1;
	was = *seal;
	*seal ^= 4;
	free(hidden(p));
	told(HEAP_FAULT_FOREIGN, p);
	*seal = was;
	free(hidden(p));
	CHECK_EQ(faults, 0);
	free(hidden(p));
	told(HEAP_FAULT_FOREIGN, p);
	free(hidden(q));
	check_sound();
}
#endif

TEST(mapped_blocks_grow_shrink_and_move_back)
{
	unsigned char *p;
	size_t n;

	start();
	n = (size_t)mallinfo2().hblks;
	p = get(LARGE);
	CHECK(p != NULL);
	CHECK_EQ(mallinfo2().hblks, n + 1);
	p[0] = 1;
	p[LARGE - 1] = 2;
	p = realloc(p, size(5 * LARGE));
	CHECK(p != NULL && p[0] == 1 && p[LARGE - 1] == 2);
	CHECK(mallinfo2().hblkhd >= 5 * LARGE);
	CHECK(malloc_usable_size(p) >= 5 * LARGE);
	CHECK(malloc_usable_size(p) < 5 * LARGE + 8192);
	p = realloc(p, size(100));
	CHECK(p != NULL && p[0] == 1);
	CHECK_EQ(mallinfo2().hblks, n);
	free(p);
	check_sound();
}

TEST(aligned_mapped_blocks_are_aligned)
{
	for (size_t align = 16; align <= (size_t)1 << 20; align *= 2) {
		unsigned char *p = memalign(align, size(LARGE));

		CHECK(p != NULL && (uintptr_t)p % align == 0);
		p[0] = p[LARGE - 1] = 1;
		CHECK(malloc_usable_size(p) >= LARGE);
		free(p);
	}
	check_sound();
}

TEST(a_kernel_without_memory_is_enomem)
{
	char *p, *q[64], *small[2];
	unsigned n = 0;

	start();
	p = get(LARGE);
	CHECK(p != NULL);
	p[5] = 77;
	small[0] = get(40);
	small[1] = get(40);
	limit_memory((size_t)1 << 20);
	/* What the heap itself has, and may still get, is used up. */
	while (n < 64 && (q[n] = get(LARGE)) != NULL)
		n++;
	CHECK(n < 64);
	/* What waits in a quick list is given back, in vain. */
	free(hidden(small[0]));
	errno = 0;
	CHECK(get(LARGE) == NULL && errno == ENOMEM);
	CHECK(calloc(size(1), size(LARGE)) == NULL);
	CHECK(memalign(8192, size(LARGE)) == NULL);
	errno = 0;
	CHECK(hidden(realloc(p, size(100 * LARGE))) == NULL && errno == ENOMEM);
	while (n < 64 && (q[n] = get(100000)) != NULL)
		n++;
	CHECK(n < 64);
	CHECK(hidden(realloc(small[1], size(100000))) == NULL);
	unlimit();
	free(hidden(small[1]));
	CHECK_EQ(p[5], 77);
	while (n-- != 0)
		free(hidden(q[n]));
	free(p);
	p = get(LARGE);
	CHECK(p != NULL);
	free(p);
	CHECK_EQ(faults, 0);
}

/*
 * The kernel bounds how many mappings a process has.  At the bound it cannot
 * take one out of the middle of what it holds for one: that costs nothing then.
 */
TEST(a_mapping_that_cannot_go_costs_no_memory)
{
	enum { PAGES = 140000 };
	char *area = mmap(NULL, (size_t)PAGES * 4096, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned char *p[5], resident;
	size_t i;

	start();
	CHECK(area != MAP_FAILED);
	for (i = 0; i < 5; i++) {
		p[i] = get(LARGE);
		CHECK(p[i] != NULL);
		p[i][0] = 1;
	}
	for (i = 1; i < PAGES; i += 2)
		if (mprotect(area + i * 4096, 4096, PROT_READ) != 0)
			break;
	/* From the middle, so that what is left is in two. */
	for (i = 0; i < 5; i++)
		free(hidden(p[(i * 2 + 2) % 5]));
	munmap(area, (size_t)PAGES * 4096);
	for (i = 0; i < 5; i++)
		if (mincore((void *)((uintptr_t)p[i] & ~(uintptr_t)4095), 1,
			    &resident) == 0)
			CHECK_EQ(resident & 1, 0);
	check_sound();
}

TEST(pages_inside_free_chunks_go_and_small_ones_stay)
{
	char *p[6];

	start();
	for (unsigned i = 0; i < 6; i++) {
		p[i] = get(i % 2 == 0 ? 60000 : 600);
		CHECK(p[i] != NULL);
		p[i][0] = 1;
	}
	free(hidden(p[0]));
	free(hidden(p[3]));
	if (HEAP_CHECK < 3)
		CHECK_EQ(malloc_trim(0), 1);
	check_sound();
	for (unsigned i = 0; i < 6; i++)
		if (i != 0 && i != 3)
			free(hidden(p[i]));
	malloc_trim(0);
	check_sound();
}

/* ---- exact sizes ---------------------------------------------------------- */

TEST(a_mapped_block_takes_the_pages_it_needs_and_gives_them_back)
{
	start_anew();
	for (size_t n = LARGE - 64 - 2; n <= LARGE - 64 + 2; n++) {
		const size_t blocks = mapped_blocks(), bytes = mapped_bytes(),
			     before = addresses();
		char *p = get(n);

		CHECK(p != NULL);
		CHECK_EQ((uintptr_t)p % PAGE, 64);
		CHECK_EQ(mapped_blocks(), blocks + 1);
		CHECK_EQ(mapped_bytes(), bytes + pages_of(n + 64));
		CHECK_EQ(addresses(), before + pages_of(n + 64));
		CHECK_EQ(malloc_usable_size(p), pages_of(n + 64) - 64);
		p[0] = p[malloc_usable_size(p) - 1] = 1;
		free(hidden(p));
		CHECK_EQ(mapped_blocks(), blocks);
		CHECK_EQ(mapped_bytes(), bytes);
		CHECK_EQ(addresses(), before);
	}
	check_sound();
}

TEST(an_aligned_mapped_block_takes_a_page_more)
{
	const size_t n = LARGE - 64;

	start_anew();
	for (size_t align = 1; align <= (size_t)8 << 20; align *= 2) {
		const size_t lead = align <= 64 ? 64 : PAGE;
		const size_t bytes = mapped_bytes(), before = addresses();
		/* So that the kernel's places differ. */
		char *shift = mmap(NULL, align, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *p = hidden(memalign(size(align), size(n)));

		CHECK(p != NULL);
		munmap(shift, align);
		CHECK_EQ((uintptr_t)p % align, 0);
		CHECK_EQ((uintptr_t)p % PAGE, align <= 64 ? 64 : 0);
		CHECK_EQ(mapped_bytes(), bytes + pages_of(n + lead));
		CHECK_EQ(addresses(), before + pages_of(n + lead));
		CHECK_EQ(malloc_usable_size(p), pages_of(n + lead) - lead);
		p[0] = p[n - 1] = 1;
		p = hidden(realloc(p, size(2 * n)));
		CHECK(p != NULL && p[0] == 1 && p[n - 1] == 1);
		CHECK_EQ(mapped_bytes(), bytes + pages_of(2 * n + lead));
		free(p);
		CHECK_EQ(mapped_bytes(), bytes);
		CHECK_EQ(addresses(), before);
	}
	check_sound();
}

TEST(requests_that_no_address_space_has_are_refused)
{
	const size_t most = PTRDIFF_MAX;
	char *p;

	start_anew();
	p = get(LARGE);
	CHECK(p != NULL);
	p[9] = 9;
	/* Of 32 bits, less may be had. */
	for (size_t n = most - 2 * PAGE + 512; n <= most; n += 512) {
		errno = 0;
		CHECK(get(n) == NULL && errno == ENOMEM);
		errno = 0;
		CHECK(hidden(memalign(PAGE, size(n))) == NULL);
		CHECK_EQ(errno, ENOMEM);
		errno = 0;
		CHECK(hidden(realloc(hidden(p), size(n))) == NULL);
		CHECK_EQ(errno, ENOMEM);
	}
	/* And those that wrap around when they are rounded up. */
	for (size_t less = 0; less <= 3 * PAGE; less += 32) {
		CHECK(get(SIZE_MAX - less) == NULL);
		CHECK(hidden(realloc(hidden(p), size(SIZE_MAX - less))) ==
		      NULL);
		CHECK(hidden(memalign(64, size(SIZE_MAX - less))) == NULL);
		CHECK(hidden(calloc(size(SIZE_MAX - less), size(1))) == NULL);
	}
	for (size_t align = most / 4 + 1; align != 0; align *= 2) {
		errno = 0;
		CHECK(hidden(memalign(align, size(LARGE))) == NULL);
		CHECK_EQ(errno, ENOMEM);
	}
	CHECK_EQ(p[9], 9);
	free(hidden(p));
	check_sound();
}

TEST(calloc_of_a_large_block_is_zero)
{
	start_anew();
	for (unsigned i = 0; i < 3; i++) {
		const size_t n = i == 0 ? SMALL - 1 : i == 1 ? SMALL : LARGE;
		const size_t blocks = mapped_blocks();
		char *p = hidden(calloc(size(n), size(1)));

		CHECK(p != NULL);
		CHECK_EQ(mapped_blocks(), blocks + (i != 0));
		for (size_t k = 0; k < n; k++)
			if (p[k] != 0)
				CHECK_EQ(p[k], 0);
		memset(p, 1, n);
		free(hidden(p));
		CHECK_EQ(mapped_blocks(), blocks);
		heap_mapped_least = SMALL;
	}
	check_sound();
}

/* ---- realloc ---------------------------------------------------------------- */

TEST(a_mapped_block_is_resized_by_pages)
{
	unsigned char *p, *q;
	size_t bytes, blocks;

	start_anew();
	bytes = mapped_bytes();
	blocks = mapped_blocks();
	p = get(LARGE - 64);
	q = get(LARGE);
	CHECK(p != NULL && q != NULL);
	for (size_t i = 0; i < LARGE - 64; i += 511)
		p[i] = (unsigned char)(i / 511);
	/* The same pages. */
	CHECK_PTR_EQ(hidden(realloc(p, size(LARGE - 64 - PAGE + 1))), p);
	CHECK_PTR_EQ(hidden(realloc(p, size(LARGE - 64))), p);
	p = hidden(realloc(p, size(LARGE - 64 + 1)));
	CHECK(p != NULL);
	CHECK_EQ(malloc_usable_size(p), LARGE - 64 + PAGE);
	p = hidden(realloc(p, size(3 * LARGE)));
	CHECK(p != NULL);
	for (size_t i = 0; i < LARGE - 64; i += 511)
		CHECK_EQ(p[i], (unsigned char)(i / 511));
	CHECK_EQ(mapped_blocks(), blocks + 2);
	CHECK_EQ(mapped_bytes(),
		 bytes + pages_of(LARGE + 64) + pages_of(3 * LARGE + 64));
	/* As long as it is worth a mapping. */
	p = hidden(realloc(p, size(SMALL / 4)));
	CHECK(p != NULL);
	CHECK_EQ(malloc_usable_size(p), pages_of(SMALL / 4 + 64) - 64);
	CHECK_EQ(mapped_blocks(), blocks + 2);
	CHECK_EQ(mapped_bytes(),
		 bytes + pages_of(LARGE + 64) + pages_of(SMALL / 4 + 64));
	p = hidden(realloc(p, size(SMALL / 4 - 1)));
	CHECK(p != NULL);
	CHECK_EQ(mapped_blocks(), blocks + 1);
	for (size_t i = 0; i < SMALL / 4 - 1; i += 511)
		CHECK_EQ(p[i], (unsigned char)(i / 511));
	/* And from the heap into a mapping. */
	p = hidden(realloc(p, size(LARGE)));
	CHECK(p != NULL);
	CHECK_EQ(mapped_blocks(), blocks + 2);
	for (size_t i = 0; i < SMALL / 4 - 1; i += 511)
		CHECK_EQ(p[i], (unsigned char)(i / 511));
	CHECK(hidden(realloc(p, size(0))) == NULL);
	CHECK_EQ(mapped_blocks(), blocks + 1);
	p = hidden(realloc(NULL, size(LARGE)));
	CHECK(p != NULL);
	CHECK_EQ(mapped_blocks(), blocks + 2);
	free(hidden(p));
	free(hidden(q));
	CHECK_EQ(mapped_blocks(), blocks);
	CHECK_EQ(mapped_bytes(), bytes);
	check_sound();
}

TEST(a_mapped_block_that_the_heap_has_no_room_for_stays_one)
{
	void *list = NULL, *more;
	char *p;

	start_anew();
	p = get(LARGE);
	CHECK(p != NULL);
	p[0] = 7;
	limit_memory(0);
	for (size_t n = 60000; n >= 16; n /= 2)
		while ((more = heap_alloc(&heap_default, n)) != NULL) {
			*(void **)more = list;
			list = more;
		}
	CHECK_PTR_EQ(hidden(realloc(p, size(10000))), p);
	CHECK_EQ(malloc_usable_size(p), pages_of(10000 + 64) - 64);
	unlimit();
	CHECK_EQ(p[0], 7);
	/* No more is copied than there is, for nothing lies behind it. */
	p[malloc_usable_size(p) - 1] = 8;
	p = hidden(realloc(p, size(20000)));
	CHECK(p != NULL && p[0] == 7);
	CHECK_EQ(p[pages_of(10000 + 64) - 64 - 1], 8);
	free(hidden(p));
	while (list != NULL) {
		more = *(void **)list;
		heap_free(&heap_default, list);
		list = more;
	}
	check_sound();
}

/* ---- which blocks these are -------------------------------------------------- */

#if HEAP_CHECK != 0
TEST(any_bit_of_a_mappings_own_words_is_missed)
{
	size_t *p, *q;

	start_anew();
	p = get(LARGE);
	CHECK(p != NULL);
	for (unsigned word = 1; word <= 4; word++)
		for (unsigned bit = 0; bit < 8 * WORD; bit++) {
			/* One of the four is not used. */
			if (word == 2)
				continue;
			p[-(ptrdiff_t)word] ^= (size_t)1 << bit;
			CHECK_EQ(heap_mapped_size(p), 0);
			free(hidden(p));
			told(HEAP_FAULT_FOREIGN, p);
			p[-(ptrdiff_t)word] ^= (size_t)1 << bit;
		}
	/* What is true of one place is not of another. */
	for (size_t page = 1; page < LARGE / PAGE; page *= 2) {
		q = p + page * (PAGE / WORD);
		memcpy(q - 4, p - 4, 4 * WORD);
		CHECK_EQ(heap_mapped_size(q), 0);
		free(hidden(q));
		told(HEAP_FAULT_FOREIGN, q);
	}
	CHECK(heap_mapped_size(p) >= LARGE);
	free(hidden(p));
	check_sound();
}

TEST(a_pointer_that_is_none_is_told_of_once_by_realloc)
{
	char *p;

	start_anew();
	p = get(LARGE);
	CHECK(hidden(realloc(hidden(p + 4096), size(100))) == NULL);
	told(HEAP_FAULT_FOREIGN, p + 4096);
	CHECK(hidden(realloc(hidden(p + 4096), size(LARGE))) == NULL);
	told(HEAP_FAULT_FOREIGN, p + 4096);
	free(hidden(p));
	check_sound();
}

static enum heap_operation last_op;

static void note(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	last_op = e->op;
}

TEST(beside_an_observer_the_heap_has_all_blocks)
{
	static struct heap_observer observer = {.tell = note};
	size_t blocks;
	char *p, *q, *r;

	start_anew();
	p = get(LARGE);
	blocks = mapped_blocks();
	CHECK(heap_observe(&heap_default, &observer));
	q = get(SMALL);
	CHECK(q != NULL);
	r = hidden(calloc(size(SMALL), size(1)));
	CHECK(r != NULL);
	q = hidden(realloc(q, size(2 * SMALL)));
	CHECK(q != NULL);
	CHECK_EQ(last_op, HEAP_OP_RESIZED);
	CHECK_EQ(mapped_blocks(), blocks);
	free(hidden(q));
	free(hidden(r));
	q = hidden(realloc(NULL, size(SMALL)));
	CHECK(q != NULL);
	free(hidden(q));
	q = hidden(memalign(256, size(SMALL)));
	CHECK(q != NULL && (uintptr_t)q % 256 == 0);
	free(hidden(q));
	CHECK_EQ(mapped_blocks(), blocks);
	/* One from before is still one. */
	p = hidden(realloc(p, size(2 * LARGE)));
	CHECK(p != NULL);
	CHECK_EQ(mapped_blocks(), blocks);
	free(hidden(p));
	CHECK_EQ(mapped_blocks(), blocks - 1);
	CHECK(heap_unobserve(&heap_default, &observer));
	check_sound();
}
#endif

/* ---- from which size on ------------------------------------------------------ */

TEST(the_bound_rises_to_what_was_freed)
{
	size_t blocks, n;
	void *p;

	start_anew();
	blocks = mapped_blocks();
	p = get(300000);
	CHECK_EQ(mapped_blocks(), blocks + 1);
	n = pages_of(300000 + 64);
	free(hidden(p));
	CHECK_EQ(heap_mapped_least, n);
	p = get(n - 1);
	CHECK_EQ(mapped_blocks(), blocks);
	free(hidden(p));
	p = get(n);
	CHECK_EQ(mapped_blocks(), blocks + 1);
	p = hidden(realloc(p, size(n - 65)));
	free(hidden(p));
	/* Never down, and not beyond some bound. */
	CHECK_EQ(heap_mapped_least, n);
	p = get(HIGHEST - 64);
	free(hidden(p));
	CHECK_EQ(heap_mapped_least, HIGHEST);
	heap_mapped_least = SMALL;
	p = get(HIGHEST - 64 + 1);
	free(hidden(p));
	CHECK_EQ(heap_mapped_least, SMALL);
	check_sound();
}

/* ---- giving back ----------------------------------------------------------- */

TEST(a_tidy_heap_keeps_as_much_as_a_small_block_may_take)
{
	start_anew();
	heap_free(&heap_default, hidden(heap_alloc(&heap_default, 500000)));
	malloc_trim(400000);
	CHECK(heap_room(&heap_default) >= 400000);
	heap_mapped_tidy();
	CHECK_EQ(heap_mapped_wait, 1024);
	CHECK_EQ(heap_mapped_fast, SMALL);
	CHECK(heap_room(&heap_default) >= SMALL);
	CHECK(heap_room(&heap_default) <= SMALL + 2 * PAGE);
	check_sound();
}

#if HEAP_CHECK < 3
TEST(a_trim_lets_the_pages_of_free_chunks_go_and_says_so)
{
	char *p[4], *page;

	start_anew();
	p[0] = get(60000);
	p[1] = get(600);
	p[2] = get(600);
	p[3] = get(600);
	memset(p[0], 1, 60000);
	free(hidden(p[2]));
	heap_quick_flush();
	/* Too small to have a page. */
	CHECK_EQ(malloc_trim(SIZE_MAX), 0);
	free(hidden(p[0]));
	CHECK_EQ(malloc_trim(SIZE_MAX), 1);
	page = (char *)(((uintptr_t)p[0] + 2 * PAGE) & ~(uintptr_t)(PAGE - 1));
	for (unsigned i = 0; i < 10; i++)
		CHECK(!is_resident(page + i * PAGE));
	CHECK(is_resident(p[0]));
	CHECK(is_resident(p[0] + 60000 - 1));
	check_sound();
	free(hidden(p[1]));
	free(hidden(p[3]));
	check_sound();
}
#endif

TEST(a_trim_spares_what_a_free_chunk_needs_at_its_ends)
{
	char *p[3];

	start_anew();
	for (unsigned i = 0; i < 3; i++) {
		p[i] = hidden(memalign(PAGE, size(60000)));
		CHECK(p[i] != NULL);
		p[i][0] = (char)i;
	}
	/* Links begin a page, a foot and the header behind it end one. */
	for (unsigned i = 2; i-- != 0;) {
		int any;

		free(hidden(p[i]));
		/* What the debug profile holds it lets go of at first. */
		malloc_trim(SIZE_MAX);
		any = malloc_trim(SIZE_MAX);
		CHECK(any == 1 || HEAP_CHECK >= 3);
		check_sound();
	}
	CHECK_EQ(p[2][0], 2);
	free(hidden(p[2]));
	check_sound();
}

/* ---- of 32 bits --------------------------------------------------------------- */

TEST(every_block_is_aligned_to_16_bytes)
{
	char *p[40], *q;

	start_anew();
	for (size_t n = 0; n < 40; n++) {
		const size_t used = used_chunks();

		p[n] = n % 3 == 0   ? get(n)
		       : n % 3 == 1 ? hidden(calloc(size(n), size(1)))
				    : hidden(memalign(size(8), size(n)));
		CHECK(p[n] != NULL && (uintptr_t)p[n] % 16 == 0);
		CHECK(malloc_usable_size(p[n]) >= n);
		CHECK_EQ(used_chunks(), used + 1);
#if HEAP_CHECK == 2 && SIZE_MAX == 0xffffffffu
		if (n != 0)
			CHECK_EQ(malloc_usable_size(p[n]),
				 ((n + 4 + 15) & ~(size_t)15) - 4);
#endif
		memset(p[n], (int)n, n);
	}
	for (size_t n = 0; n < 40; n++) {
		q = hidden(realloc(p[n], size(n + 100)));
		CHECK(q != NULL && (uintptr_t)q % 16 == 0);
		for (size_t i = 0; i < n; i++)
			CHECK_EQ(q[i], n);
		p[n] = q;
	}
	for (size_t n = 0; n < 40; n++)
		free(hidden(p[n]));
	check_sound();
}

/* ---- the break, reports ---------------------------------------------------------- */

TEST(the_break_is_the_kernels)
{
	char *now, *old;

	start_anew();
	locks = unlocks = 0;
	errno = 5;
	now = hidden(sbrk(0));
	CHECK_EQ(errno, 5);
	CHECK_EQ(locks, 1);
	CHECK_EQ(unlocks, 1);
	CHECK_PTR_EQ(heap_linux_break(0), now);
	old = hidden(sbrk(3 * (ptrdiff_t)PAGE));
	CHECK_PTR_EQ(old, now);
	CHECK_PTR_EQ(hidden(sbrk(0)), now + 3 * PAGE);
	CHECK_EQ(brk(now + PAGE), 0);
	CHECK_PTR_EQ(hidden(sbrk(0)), now + PAGE);
	errno = 0;
	CHECK(sbrk(PTRDIFF_MIN) == (void *)-1 && errno == ENOMEM);
	errno = 0;
	CHECK(brk((void *)size(UINTPTR_MAX - PAGE)) == -1 && errno == ENOMEM);
	CHECK_PTR_EQ(hidden(sbrk(0)), now + PAGE);
	CHECK_EQ(brk(now), 0);
	check_sound();
}

TEST(malloc_info_tells_what_mallinfo2_does)
{
	static char text[1024], wanted[1024];
	struct mallinfo2 m;
	FILE *to;
	char *p, *q;

	start_anew();
	p = get(LARGE);
	q = get(1000);
	free(hidden(get(900)));
	m = mallinfo2();
	CHECK_EQ(m.hblks, mapped_blocks());
	CHECK_EQ(m.hblkhd, mapped_bytes());
	CHECK_EQ(malloc_info(1, NULL), EINVAL);
	to = fmemopen(text, sizeof(text), "w");
	CHECK(to != NULL);
	setbuf(to, NULL);
	m = mallinfo2();
	CHECK_EQ(malloc_info(0, to), 0);
	snprintf(wanted, sizeof(wanted),
		 "<malloc version=\"1\">\n<heap nr=\"0\">\n"
		 "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
		 "<system type=\"current\" size=\"%zu\"/>\n</heap>\n"
		 "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
		 "<system type=\"current\" size=\"%zu\"/>\n</malloc>\n",
		 m.ordblks, m.fordblks, m.arena, m.hblks, m.hblkhd,
		 m.arena + m.hblkhd);
	fclose(to);
	CHECK_STR_EQ(text, wanted);
	free(hidden(p));
	free(hidden(q));
	check_sound();
}

/* It holds for the process. */
TEST(large_blocks_that_come_and_go_are_the_heaps_from_then_on)
{
	const size_t n = (size_t)200 << 10;
	void *p;
	size_t blocks;

	start_anew();
	blocks = (size_t)mallinfo2().hblks;
	p = get((size_t)127 << 10);
	CHECK_EQ(mallinfo2().hblks, blocks);
	free(hidden(p));
	p = get((size_t)128 << 10);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	p = get(n);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	p = get(n);
	CHECK(p != NULL);
	CHECK_EQ(mallinfo2().hblks, blocks);
	free(hidden(p));
	p = get(2 * n);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	p = get(LARGE);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	check_sound();
}

/* The last one: the heap does not come back to the break. */
TEST(the_break_stays_the_processes_when_the_heap_has_left_it)
{
	char *now, *wall, *p;

	start_anew();
	now = hidden(sbrk(0));
	wall = (char *)(((uintptr_t)now + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	CHECK(mmap(wall, PAGE, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) == (void *)wall);
	p = heap_alloc(&heap_default, heap_room(&heap_default) + 100000);
	CHECK(p != NULL);
	CHECK_PTR_EQ(hidden(sbrk(0)), now);
	errno = 0;
	CHECK(sbrk(2 * (ptrdiff_t)PAGE) == (void *)-1 && errno == ENOMEM);
	CHECK_PTR_EQ(hidden(sbrk(0)), now);
	heap_free(&heap_default, p);
	munmap(wall, PAGE);
	check_sound();
}
