/* SPDX-License-Identifier: MIT */
/* malloc, calloc and free: C11 7.22.3 and what we promise beyond it. */
#include <stdint.h>

#include "own_port.h"

#if defined(__NEWLIB__) && !defined(__PICOLIBC__)
#include <malloc.h>
#include <reent.h>
void *_reallocf_r(struct _reent *r, void *p, size_t n);
#endif

TEST(malloc_gives_a_block_of_our_heap)
{
	size_t before = in_use();
	unsigned char *p = hidden(malloc(size(100)));

	CHECK(ours(p));
	CHECK(in_use() >= before + 100);
	fill(p, 100, 1);
	CHECK(filled(p, 100, 1));
	free(p);
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(every_size_up_to_a_few_hundred_is_aligned_and_disjoint)
{
	size_t before = in_use();

	for (size_t n = 1; n < 300; n++) {
		void *a = hidden(malloc(size(n)));
		void *b = hidden(malloc(size(n)));

		CHECK(ours(a) && ours(b));
		fill(a, n, 1);
		fill(b, n, 2);
		CHECK(filled(a, n, 1));
		free(a);
		CHECK(filled(b, n, 2));
		free(b);
	}
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(size_zero_gives_unique_blocks_that_can_be_freed)
{
	void *a = hidden(malloc(size(0)));
	void *b = hidden(malloc(size(0)));
	void *c = hidden(calloc(size(0), size(8)));
	void *d = hidden(calloc(size(8), size(0)));
	void *e = hidden(realloc(NULL, size(0)));

	CHECK(ours(a) && ours(b) && ours(c) && ours(d) && ours(e));
	CHECK(a != b && a != c && a != d && a != e && b != c && b != d);
	CHECK(b != e && c != d && c != e && d != e);
	free(a);
	free(b);
	free(c);
	free(d);
	free(e);
	check_sound();
}

TEST(success_leaves_errno_alone)
{
	errno = 0x5a;
	void *p = hidden(malloc(size(20)));

	CHECK_EQ(errno, 0x5a);
	p = hidden(realloc(p, size(40)));
	CHECK_EQ(errno, 0x5a);
	free(p);
	CHECK_EQ(errno, 0x5a);
}

TEST(sizes_that_no_heap_can_have_are_refused_with_enomem)
{
	static const size_t sizes[] = {
		SIZE_MAX,           SIZE_MAX - 1,    SIZE_MAX - 7,
		SIZE_MAX - 8,       SIZE_MAX - 15,   SIZE_MAX - 16,
		SIZE_MAX - 31,      SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1,
		PTRDIFF_MAX,        PTRDIFF_MAX - 8, (size_t)PTRDIFF_MAX + 9,
		HEAP_CHUNK_MAX + 1, HEAP_CHUNK_MAX,  HEAP_CHUNK_MAX - 1,
	};
	size_t before = in_use();
	size_t brk = own.brk;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		errno = 0;
		CHECK_PTR_EQ(hidden(malloc(size(sizes[i]))), NULL);
		CHECK_EQ(errno, ENOMEM);
		errno = 0;
		CHECK_PTR_EQ(hidden(calloc(size(1), size(sizes[i]))), NULL);
		CHECK_EQ(errno, ENOMEM);
	}
	CHECK_EQ(in_use(), before);
	CHECK_EQ(own.brk, brk);
	check_sound();
}

TEST(a_product_that_wraps_is_refused_with_enomem)
{
	const size_t half = SIZE_MAX / 2 + 1;
	const size_t root = (size_t)1 << (sizeof(size_t) * 4);
	const size_t pairs[][2] = {
		{half, 2},
		{2, half},
		{root, root},
		{SIZE_MAX, 2},
		{SIZE_MAX / 3, 4},
		{root + 1, root},
		{half + 1, 2},
		{half + 2, 2},
		{SIZE_MAX, SIZE_MAX},
		{3, SIZE_MAX},
		{SIZE_MAX, SIZE_MAX - 1},
	};
	void *kept = hidden(malloc(size(24)));

	CHECK(ours(kept));
	fill(kept, 24, 3);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t count = size(pairs[i][0]), n = size(pairs[i][1]);

		errno = 0;
		CHECK_PTR_EQ(hidden(calloc(count, n)), NULL);
		CHECK_EQ(errno, ENOMEM);
		errno = 0;
		CHECK_PTR_EQ(hidden(reallocarray(kept, count, n)), NULL);
		CHECK_EQ(errno, ENOMEM);
		CHECK(filled(kept, 24, 3));
	}
	free(kept);
	check_sound();
}

TEST(calloc_clears_what_was_split_merged_or_shrunk)
{
	TAP_NEEDS(3072);
	size_t sizes[] = {1, 8, 24, 40, 100, 250, 500};

	for (unsigned round = 0; round < 3; round++) {
		void *dirty[7];

		for (size_t i = 0; i < 7; i++) {
			dirty[i] = hidden(malloc(size(sizes[i] + 8 * round)));
			CHECK(ours(dirty[i]));
			fill(dirty[i], sizes[i], 0xa5);
		}
		dirty[6] = hidden(realloc(dirty[6], size(80)));
		for (size_t i = round; i < 7 + round; i += 2)
			free(dirty[i % 7]), dirty[i % 7] = NULL;
		for (size_t i = 0; i < 7; i++) {
			void *p = hidden(calloc(size(sizes[i]), size(1)));

			CHECK(ours(p));
			CHECK(zero(p, sizes[i]));
			fill(p, malloc_usable_size(p), 0x5a);
			free(p);
		}
		for (size_t i = 0; i < 7; i++)
			free(dirty[i]);
		void *all = hidden(calloc(size(3), size(400)));

		CHECK(ours(all) && zero(all, 1200));
		fill(all, 1200, 9);
		free(all);
	}
	check_sound();
}

TEST(free_of_null_does_nothing)
{
	errno = 0x5a;
	free(hidden(NULL));
	cfree(hidden(NULL));
	CHECK_EQ(errno, 0x5a);
	check_sound();
}

TEST(free_keeps_errno_whatever_the_port_leaves_in_it)
{
	void *p = hidden(malloc(size(600)));
	void *q = hidden(malloc(size(600)));

	errno = 0x5a;
	own.noise = 0x33;
	free(p);
	own.noise = 0;
	CHECK_EQ(errno, 0x5a);
	own.noise = 0x33;
	cfree(q);
	own.noise = 0;
	CHECK_EQ(errno, 0x5a);
	check_sound();
}

/* Take blocks of n bytes until there are no more, each pointing to the last. */
static void *take_all(size_t n, size_t *count)
{
	void **newest = NULL, **p;

	for (*count = 0; (p = hidden(malloc(size(n)))) != NULL; ++*count) {
		*p = newest;
		newest = p;
	}
	return newest;
}

static void give_all(void *newest)
{
	while (newest != NULL) {
		void *older = *(void **)newest;

		free(newest);
		newest = older;
	}
}

TEST(a_spent_heap_answers_enomem_and_recovers_completely)
{
	size_t before = in_use();
	size_t first = 0;

	malloc_trim(SIZE_MAX);

	for (unsigned round = 0; round < 4; round++) {
		size_t count;

		own.noise = 0x33;
		errno = 0;
		void *blocks = take_all(64, &count);

		own.noise = 0;
		CHECK_EQ(errno, ENOMEM);
		CHECK(count > 4);
		if (round == 0)
			first = count;
		CHECK_EQ(count, first);
		errno = 0;
		CHECK_PTR_EQ(hidden(calloc(size(8), size(64))), NULL);
		CHECK_EQ(errno, ENOMEM);
		give_all(blocks);
		CHECK_EQ(in_use(), before);
	}
	void *large = hidden(malloc(size(first * 32)));

	CHECK(ours(large));
	free(large);
	check_sound();
}

TEST(a_port_that_refuses_for_a_while_does_no_lasting_harm)
{
	malloc_trim(0);
	own.refuse = true;
	size_t before = in_use(), count;
	void *blocks = take_all(48, &count);

	CHECK_EQ(errno, ENOMEM);
	own.refuse = false;
	void *p = hidden(malloc(size(48)));

	CHECK(ours(p));
	free(p);
	give_all(blocks);
	CHECK_EQ(in_use(), before);
	check_sound();
}

/* Only what malloc and its family refuse is their errno's. */
TEST(another_heap_that_refuses_leaves_errno_alone)
{
	const size_t n = 130 * sizeof(size_t);
	void *memory = malloc(size(n));
	struct heap *h = heap_create(memory, n, NULL);

	CHECK(ours(memory) && h != NULL);
	errno = 0;
	CHECK_PTR_EQ(heap_alloc(h, n), NULL);
	CHECK_PTR_EQ(heap_alloc(h, SIZE_MAX), NULL);
	CHECK_EQ(errno, 0);
	CHECK_PTR_EQ(heap_alloc(&heap_default, SIZE_MAX), NULL);
	CHECK_EQ(errno, ENOMEM);
	/* Nor is it served in an interrupt. */
	errno = 0;
	own.in_isr = true;
	CHECK_PTR_EQ(heap_alloc(&heap_default, 8), NULL);
	own.in_isr = false;
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(own.faults, 1);
	own.faults = 0;
	free(memory);
}

#if defined(__NEWLIB__) && !defined(__PICOLIBC__)
static struct _reent other;

/* Refused, and told to who asked. */
static bool refused(const void *p, int number)
{
	bool is = p == NULL && other._errno == number;

	other._errno = 0;
	return is;
}

TEST(the_r_names_write_to_the_errno_that_they_are_given)
{
	void *p = hidden(_malloc_r(&other, size(20)));

	CHECK(ours(p));
	other._errno = 0;
	CHECK(refused(_malloc_r(&other, size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_calloc_r(&other, size(1), size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_calloc_r(&other, size(3), size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_realloc_r(&other, p, size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_memalign_r(&other, size(8), size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_memalign_r(&other, size(24), size(8)), EINVAL));
	CHECK(refused(_valloc_r(&other, size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_pvalloc_r(&other, size(SIZE_MAX)), ENOMEM));
	CHECK(refused(_reallocf_r(&other, p, size(SIZE_MAX)), ENOMEM));
	check_sound();
}

void __malloc_lock(struct _reent *r);
void __malloc_unlock(struct _reent *r);

TEST(the_lock_of_newlib_is_the_heaps_and_nests)
{
	for (unsigned round = 0; round < 2; round++) {
		__malloc_lock(&other);
		CHECK(own.locked);
		__malloc_lock(&other);
		CHECK(own.locked);
		__malloc_unlock(&other);
		CHECK(own.locked);
		__malloc_unlock(&other);
		CHECK(!own.locked);
		/* One too many. */
		__malloc_unlock(&other);
		CHECK(!own.locked);
	}
	check_sound();
}
#endif

#ifdef __PICOLIBC__
void *__malloc_malloc(size_t n);
void __malloc_free(void *p);

TEST(the_names_that_picolibcs_own_code_may_call_are_ours)
{
	size_t before = in_use();
	void *p = hidden(__malloc_malloc(size(30)));

	CHECK(ours(p));
	CHECK(in_use() >= before + 30);
	__malloc_free(p);
	CHECK_EQ(in_use(), before);
	errno = 0;
	CHECK_PTR_EQ(hidden(__malloc_malloc(size(SIZE_MAX))), NULL);
	CHECK_EQ(errno, ENOMEM);
	check_sound();
}
#endif
