/* SPDX-License-Identifier: MIT */
/* realloc, reallocarray and reallocf. */
#include "own_port.h"

static const size_t sizes[] = {1,   4,   7,   8,   9,   12,  13,  16,
			       17,  20,  24,  25,  31,  32,  33,  40,
			       48,  63,  64,  65,  100, 127, 128, 129,
			       200, 255, 256, 257, 300, 384, 400, 500};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Which neighbours of the block that is resized are free. */
enum { BEFORE = 1, BEHIND = 2 };

static void resize_between(unsigned free_ones, size_t old, size_t n)
{
	void *before = hidden(malloc(size(200)));
	void *p = hidden(malloc(size(old)));
	void *behind = hidden(malloc(size(200)));
	void *fence = hidden(malloc(size(1)));

	CHECK(ours(before) && ours(p) && ours(behind) && ours(fence));
	fill(before, 200, 1);
	fill(p, old, 2);
	fill(behind, 200, 3);
	if (free_ones & BEFORE)
		free(before), before = NULL;
	if (free_ones & BEHIND)
		free(behind), behind = NULL;
	p = hidden(realloc(p, size(n)));
	CHECK(ours(p));
	CHECK(filled(p, smaller(old, n), 2));
	CHECK(malloc_usable_size(p) >= n);
	fill(p, malloc_usable_size(p), 4);
	CHECK(before == NULL || filled(before, 200, 1));
	CHECK(behind == NULL || filled(behind, 200, 3));
	free(before);
	free(behind);
	free(p);
	free(fence);
}

TEST(data_is_kept_for_every_pair_of_sizes_and_neighbours)
{
	TAP_NEEDS(3072);
	size_t before = in_use();

	for (unsigned free_ones = 0; free_ones < 4; free_ones++)
		for (size_t i = 0; i < SIZES; i++)
			for (size_t j = 0; j < SIZES && !tap_failed(); j++)
				resize_between(free_ones, sizes[i], sizes[j]);
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(null_for_the_block_is_malloc)
{
	size_t before = in_use();
	void *a = hidden(realloc(hidden(NULL), size(50)));
	void *b = hidden(reallocarray(hidden(NULL), size(5), size(10)));
	void *c = hidden(reallocf(hidden(NULL), size(50)));

	CHECK(ours(a) && ours(b) && ours(c));
	free(a);
	free(b);
	free(c);
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(size_zero_frees_and_answers_null_with_errno_untouched)
{
	size_t before = in_use();
	void *a = hidden(malloc(size(50)));
	void *b = hidden(malloc(size(50)));
	void *c = hidden(malloc(size(50)));

	errno = 0x5a;
	own.noise = 0x33;
	a = hidden(realloc(a, size(0)));
	b = hidden(reallocf(b, size(0)));
	c = hidden(reallocarray(c, size(0), size(9)));
	own.noise = 0;
	CHECK_EQ(errno, 0x5a);
	CHECK_PTR_EQ(a, NULL);
	CHECK_PTR_EQ(b, NULL);
	CHECK_PTR_EQ(c, NULL);
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(a_failed_realloc_keeps_the_block)
{
	static const size_t impossible[] = {
		SIZE_MAX,
		SIZE_MAX - 7,
		SIZE_MAX - 16,
		PTRDIFF_MAX,
		(size_t)PTRDIFF_MAX + 1,
		HEAP_CHUNK_MAX,
		HEAP_CHUNK_MAX / 2,
	};
	void *p = hidden(malloc(size(77)));
	size_t before = in_use();

	CHECK(ours(p));
	fill(p, 77, 5);
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]);
	     i++) {
		errno = 0;
		CHECK_PTR_EQ(hidden(realloc(hidden(p), size(impossible[i]))),
			     NULL);
		CHECK_EQ(errno, ENOMEM);
		CHECK(filled(p, 77, 5));
		CHECK_EQ(in_use(), before);
	}
	free(p);
	check_sound();
}

TEST(reallocf_frees_the_block_when_it_fails)
{
	size_t before = in_use();
	void *p = hidden(malloc(size(77)));

	CHECK(ours(p));
	errno = 0;
	CHECK_PTR_EQ(hidden(reallocf(p, size(SIZE_MAX - 64))), NULL);
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(in_use(), before);
	errno = 0;
	CHECK_PTR_EQ(hidden(reallocf(NULL, size(SIZE_MAX))), NULL);
	CHECK_EQ(errno, ENOMEM);
	check_sound();
}

TEST(reallocf_resizes_a_block_of_no_bytes)
{
	size_t before = in_use();
	void *p = hidden(malloc(size(0)));

	CHECK(ours(p));
	p = hidden(reallocf(p, size(50)));
	CHECK(ours(p));
	fill(p, 50, 9);
	p = hidden(reallocf(p, size(90)));
	CHECK(ours(p) && filled(p, 50, 9));
	free(p);
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(reallocarray_multiplies)
{
	unsigned char *p = hidden(reallocarray(NULL, size(3), size(30)));

	CHECK(ours(p) && malloc_usable_size(p) >= 90);
	fill(p, 90, 6);
	p = hidden(reallocarray(p, size(10), size(30)));
	CHECK(ours(p) && malloc_usable_size(p) >= 300);
	CHECK(filled(p, 90, 6));
	free(p);
	check_sound();
}

TEST(an_aligned_block_keeps_its_data_when_it_moves)
{
	TAP_NEEDS(3072);
	for (size_t align = 8; align <= 256; align *= 2) {
		void *p = hidden(memalign(size(align), size(60)));
		void *wall = hidden(malloc(size(8)));

		CHECK(ours(p) && ours(wall));
		CHECK_EQ((uintptr_t)p % align, 0);
		fill(p, 60, 7);
		p = hidden(realloc(p, size(220)));
		CHECK(ours(p));
		CHECK(filled(p, 60, 7));
		p = hidden(realloc(p, size(20)));
		CHECK(filled(p, 20, 7));
		free(p);
		free(wall);
	}
	check_sound();
}

TEST(a_block_that_grows_step_by_step_and_shrinks_again_is_whole)
{
	TAP_NEEDS(3072);
	size_t before = in_use();
	char *p = NULL;
	size_t n = 0;

	for (; n < 1200; n += 13) {
		p = hidden(realloc(p, size(n + 13)));
		CHECK(ours(p));
		CHECK(filled(p, n, 8));
		fill(p, n + 13, 8);
	}
	for (; n > 13; n -= 13) {
		p = hidden(realloc(p, size(n)));
		CHECK(ours(p));
		CHECK(filled(p, n, 8));
	}
	free(p);
	CHECK_EQ(in_use(), before);
	check_sound();
}
