/* SPDX-License-Identifier: MIT */
/*
 * The corners of the malloc family that others have got wrong, by the standard
 * names alone: this program knows no heap, and so can be run with any malloc,
 * one that is preloaded too.
 */
#include <errno.h>
#include <stdlib.h>

#include "tap.h"

/* No libc declares all of them. */
void *reallocarray(void *p, size_t count, size_t n);
void *memalign(size_t align, size_t n);
void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **memptr, size_t align, size_t n);
size_t malloc_usable_size(void *p);

#define ALIGN     (2 * sizeof(size_t))
#define UNTOUCHED 0x5a

/* The compiler knows what malloc and free mean; it is not to use that. */
static void *hidden(void *p)
{
	__asm__ volatile("" : "+r"(p));
	return p;
}

static size_t size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

static void *got(size_t n)
{
	return hidden(malloc(size(n)));
}

static void fill(unsigned char *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(seed + 31 * i);
}

static bool filled(const unsigned char *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != (unsigned char)(seed + 31 * i))
			return false;
	return true;
}

/* What no machine has: below the largest number, and from its half up. */
static const size_t impossible[] = {
	SIZE_MAX,
	SIZE_MAX - 1,
	SIZE_MAX - 7,
	SIZE_MAX - 8,
	SIZE_MAX - 15,
	SIZE_MAX - 16,
	SIZE_MAX - 31,
	SIZE_MAX - 63,
	SIZE_MAX - 4095,
	SIZE_MAX - 4096,
	SIZE_MAX - 65536,
	(size_t)PTRDIFF_MAX + 1,
	(size_t)PTRDIFF_MAX + 4096,
	PTRDIFF_MAX,
	PTRDIFF_MAX - 16,
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The call answered NULL and ENOMEM; errno was set to something else before. */
static bool refused(const void *p)
{
	bool is = p == NULL && errno == ENOMEM;

	errno = UNTOUCHED;
	return is;
}

TEST(impossible_sizes_are_refused_and_nothing_is_lost)
{
	unsigned char *p = got(24);

	CHECK(p != NULL);
	fill(p, 24, 1);
	errno = UNTOUCHED;
	for (size_t i = 0; i < COUNT(impossible); i++) {
		const size_t n = impossible[i];
		void *out = p;

		CHECK(refused(got(n)));
		CHECK(refused(hidden(calloc(size(1), size(n)))));
		CHECK(refused(hidden(calloc(size(n), size(1)))));
		CHECK(refused(hidden(realloc(p, size(n)))));
		CHECK(refused(hidden(realloc(NULL, size(n)))));
		CHECK(refused(hidden(reallocarray(p, size(n), size(1)))));
		CHECK(refused(hidden(memalign(size(64), size(n)))));
		CHECK(refused(hidden(aligned_alloc(size(64), size(n)))));
		CHECK_EQ(posix_memalign(&out, size(64), size(n)), ENOMEM);
		CHECK_PTR_EQ(out, p);
	}
	CHECK(filled(p, 24, 1));
	free(p);
}

TEST(products_that_wrap_are_refused)
{
	const size_t half = SIZE_MAX / 2 + 1,
		     root = (size_t)1 << sizeof(size_t) * 4;
	/* Products of 0, 1 and little more. */
	const struct {
		size_t count, n;
	} wraps[] = {
		{half, 2},
		{2, half},
		{root, root},
		{root + 1, root},
		{SIZE_MAX, SIZE_MAX},
		{SIZE_MAX, 2},
		{half + 1, 2},
		{half + 8, 2},
		{SIZE_MAX / 3 + 1, 3},
		{SIZE_MAX / 8 + 2, 8},
	};
	unsigned char *p = got(24);

	fill(p, 24, 2);
	errno = UNTOUCHED;
	for (size_t i = 0; i < COUNT(wraps); i++) {
		size_t count = size(wraps[i].count), n = size(wraps[i].n);

		CHECK(refused(hidden(calloc(count, n))));
		CHECK(refused(hidden(reallocarray(p, count, n))));
		CHECK(refused(hidden(reallocarray(NULL, count, n))));
	}
	CHECK(filled(p, 24, 2));
	free(p);
}

TEST(sums_of_alignment_and_size_that_wrap_are_refused)
{
	errno = UNTOUCHED;
	for (size_t align = 64; align != 0; align *= 2)
		for (size_t less = 1; less <= 2 * align && less > 0;
		     less *= 4) {
			size_t n = SIZE_MAX - align + less;
			void *out = &out;

			if (n < align)
				n = SIZE_MAX - less;
			CHECK(refused(hidden(memalign(size(align), size(n)))));
			CHECK(refused(
				hidden(aligned_alloc(size(align), size(n)))));
			CHECK_EQ(posix_memalign(&out, size(align), size(n)),
				 ENOMEM);
			CHECK_PTR_EQ(out, &out);
		}
}

TEST(alignments_that_are_none_are_refused)
{
	static const size_t none[] = {0, 3, 5, 6, 7, 12, 24, 96, 129, SIZE_MAX};
	char mark;

	errno = UNTOUCHED;
	for (size_t i = 0; i < COUNT(none); i++) {
		const size_t align = none[i];
		void *out = &mark;

		CHECK_EQ(posix_memalign(&out, size(align), size(16)), EINVAL);
		CHECK_PTR_EQ(out, &mark);
		CHECK_EQ(errno, UNTOUCHED);
	}
	for (size_t align = 1; align < sizeof(void *); align *= 2) {
		void *out = &mark;

		CHECK_EQ(posix_memalign(&out, size(align), size(16)), EINVAL);
		CHECK_PTR_EQ(out, &mark);
	}
}

TEST(nothing_at_all_is_a_block_of_its_own_or_none)
{
	void *a, *b;

	a = got(0);
	b = got(0);
	CHECK(a == NULL || a != b);
	free(a);
	free(b);
	a = hidden(calloc(size(0), size(8)));
	b = hidden(calloc(size(8), size(0)));
	CHECK(a == NULL || a != b);
	free(a);
	free(b);
	free(hidden(realloc(NULL, size(0))));
	free(hidden(reallocarray(NULL, size(0), size(9))));
	free(hidden(memalign(size(64), size(0))));
	free(hidden(aligned_alloc(size(64), size(0))));
	a = got(100);
	CHECK(a != NULL);
	errno = UNTOUCHED;
	free(hidden(realloc(a, size(0))));
	CHECK_EQ(errno, UNTOUCHED);
}

TEST(null_is_no_block_but_not_a_mistake)
{
	errno = UNTOUCHED;
	free(hidden(NULL));
	CHECK_EQ(malloc_usable_size(hidden(NULL)), 0);
	CHECK_EQ(errno, UNTOUCHED);

	void *p = hidden(realloc(hidden(NULL), size(40)));

	CHECK(p != NULL);
	CHECK(malloc_usable_size(p) >= 40);
	free(p);
	CHECK_EQ(errno, UNTOUCHED);
}

TEST(calloc_clears_what_was_dirty_split_merged_and_shrunk)
{
	for (size_t n = 8; n <= 512; n += 24) {
		unsigned char *a = got(n), *b = got(n), *c = got(n), *z;

		CHECK(a != NULL && b != NULL && c != NULL);
		fill(a, n, 3);
		fill(b, n, 4);
		fill(c, n, 5);
		free(a);
		free(b); /* merged, if they adjoin */
		c = hidden(realloc(c, size(n / 2)));
		for (size_t part = 2 * n; part > n / 4; part -= n / 4) {
			z = hidden(calloc(size(1), size(part)));
			CHECK(z != NULL);
			for (size_t i = 0; i < part; i++)
				CHECK_EQ(z[i], 0);
			fill(z, part, 6);
			free(z);
		}
		free(c);
	}
}

TEST(realloc_keeps_the_data_of_any_pair_of_sizes)
{
	static const size_t sizes[] = {1,  4,  8,  12,  13,  24,  40,
				       64, 65, 96, 200, 513, 1000};

	for (size_t i = 0; i < COUNT(sizes) * COUNT(sizes); i++)
		/* Something behind it, free memory behind or before. */
		for (unsigned way = 0; way < 4; way++) {
			size_t was = sizes[i / COUNT(sizes)];
			size_t n = sizes[i % COUNT(sizes)];
			void *before = got(48);
			unsigned char *p =
				way < 3 ? got(was)
					: hidden(memalign(size(64), size(was)));
			void *behind = got(48);

			CHECK(before != NULL && p != NULL && behind != NULL);
			fill(p, was, 7);
			free(way == 1 ? behind : way == 2 ? before : NULL);
			p = hidden(realloc(p, size(n)));
			CHECK(p != NULL);
			CHECK(filled(p, was < n ? was : n, 7));
			CHECK_EQ((uintptr_t)p % ALIGN, 0);
			free(p);
			free(way == 1 ? NULL : behind);
			free(way == 2 ? NULL : before);
		}
}

TEST(aligned_blocks_are_aligned_and_what_they_leave_is_not_lost)
{
	/* On the smallest board this would be more than there is, ten times. */
	for (unsigned i = 0; i < 400; i++) {
		size_t align = (size_t)16 << i % 5, n = 1 + i % 200;
		void *out = NULL, *p = hidden(memalign(size(align), size(n)));

		CHECK(p != NULL && (uintptr_t)p % align == 0);
		CHECK_EQ(posix_memalign(&out, size(align), size(n)), 0);
		CHECK(out != NULL && (uintptr_t)out % align == 0);
		free(p);
		p = hidden(aligned_alloc(size(align), size(align)));
		CHECK(p != NULL && (uintptr_t)p % align == 0);
		free(out);
		free(p);
	}
}
