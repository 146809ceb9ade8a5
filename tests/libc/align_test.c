/* SPDX-License-Identifier: MIT */
/* posix_memalign, aligned_alloc, memalign, valloc and pvalloc. */
#include "own_port.h"

static const size_t not_powers[] = {0,  3,  5,   6,   7,        12,
				    24, 48, 129, 255, SIZE_MAX, SIZE_MAX / 2};
#define NOT_POWERS (sizeof(not_powers) / sizeof(not_powers[0]))

#define PAGE       4096

/* Bytes that a test with pages needs: two pages and what carving one takes. */
#define PAGES_NEED (4 * PAGE)

TEST(posix_memalign_refuses_bad_alignments_and_touches_nothing)
{
	char mark;

	for (size_t i = 0; i < NOT_POWERS + 2; i++) {
		const size_t small[] = {1, 2};
		size_t align =
			i < NOT_POWERS ? not_powers[i] : small[i - NOT_POWERS];
		void *p = &mark;

		errno = 0x5a;
		CHECK_EQ(posix_memalign(&p, size(align), size(16)), EINVAL);
		CHECK_EQ(errno, 0x5a);
		CHECK_PTR_EQ(p, &mark);
	}
	void *p = &mark;

	CHECK_EQ(posix_memalign(&p, size(sizeof(void *) / 2), size(8)), EINVAL);
	CHECK_PTR_EQ(p, &mark);
	check_sound();
}

TEST(posix_memalign_without_memory_touches_nothing)
{
	static const size_t impossible[] = {
		SIZE_MAX,
		SIZE_MAX - 7,
		SIZE_MAX - 63,
		SIZE_MAX - 4095,
		PTRDIFF_MAX,
		HEAP_CHUNK_MAX,
		HEAP_CHUNK_MAX - 16,
		HEAP_CHUNK_MAX / 2,
	};
	char mark;
	size_t before = in_use();

	own.noise = 0x33;
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++)
		for (size_t align = sizeof(void *); align; align *= 2) {
			void *p = &mark;

			errno = 0x5a;
			CHECK_EQ(posix_memalign(&p, size(align),
						size(impossible[i])),
				 ENOMEM);
			CHECK_EQ(errno, 0x5a);
			CHECK_PTR_EQ(p, &mark);
		}
	own.noise = 0;
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(posix_memalign_aligns_and_keeps_errno)
{
	TAP_NEEDS(3072);
	size_t before = in_use();

	for (size_t align = sizeof(void *); align <= 512; align *= 2)
		for (size_t n = 0; n < 70; n += 7) {
			void *p = NULL;

			own.noise = 0x33;
			errno = 0x5a;
			CHECK_EQ(posix_memalign(&p, size(align), size(n)), 0);
			CHECK_EQ(errno, 0x5a);
			own.noise = 0;
			CHECK(ours(p));
			CHECK_EQ((uintptr_t)p % align, 0);
			fill(p, n, 1);
			free(p);
		}
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(aligned_alloc_and_memalign_take_any_power_of_two)
{
	TAP_NEEDS(3072);
	size_t before = in_use();

	for (size_t align = 1; align <= 512; align *= 2)
		for (size_t n = 0; n < 70; n += 7) {
			void *a = hidden(aligned_alloc(size(align), size(n)));
			void *b = hidden(memalign(size(align), size(n)));

			CHECK(ours(a) && ours(b) && a != b);
			CHECK_EQ((uintptr_t)a % align, 0);
			CHECK_EQ((uintptr_t)b % align, 0);
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

TEST(aligned_alloc_and_memalign_refuse_other_alignments_with_einval)
{
	for (size_t i = 0; i < NOT_POWERS; i++) {
		size_t align = not_powers[i];

		errno = 0;
		CHECK_PTR_EQ(hidden(aligned_alloc(size(align), size(8))), NULL);
		CHECK_EQ(errno, EINVAL);
		errno = 0;
		CHECK_PTR_EQ(hidden(memalign(size(align), size(8))), NULL);
		CHECK_EQ(errno, EINVAL);
	}
	check_sound();
}

TEST(alignment_and_size_that_wrap_are_refused_with_enomem)
{
	size_t before = in_use();

	for (size_t align = 1; align != 0; align *= 2) {
		const size_t n[] = {SIZE_MAX - align, SIZE_MAX - align + 1,
				    SIZE_MAX,         SIZE_MAX - 8,
				    HEAP_CHUNK_MAX,   (size_t)0 - align};

		for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
			if (n[i] < HEAP_CHUNK_MAX && align < HEAP_CHUNK_MAX)
				continue;
			errno = 0;
			CHECK_PTR_EQ(hidden(memalign(size(align), size(n[i]))),
				     NULL);
			CHECK_EQ(errno, ENOMEM);
			errno = 0;
			CHECK_PTR_EQ(
				hidden(aligned_alloc(size(align), size(n[i]))),
				NULL);
			CHECK_EQ(errno, ENOMEM);
		}
	}
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(what_the_carving_leaves_can_be_had_again)
{
	TAP_NEEDS(3072);
	size_t before = in_use();
	size_t brk = 0;

	for (unsigned round = 0; round < 50; round++) {
		void *a = hidden(memalign(size(256), size(40)));
		void *b = hidden(malloc(size(32)));
		void *c = hidden(memalign(size(128), size(24)));

		CHECK(ours(a) && ours(b) && ours(c));
		free(b);
		free(a);
		free(c);
		CHECK_EQ(in_use(), before);
		/* By then the debug profile holds as many blocks as it will. */
		if (round <= 16 / 3)
			brk = own.brk;
		CHECK_EQ(own.brk, brk);
	}
	check_sound();
}

TEST(valloc_and_pvalloc_give_pages)
{
	TAP_NEEDS(PAGES_NEED);
	size_t before = in_use();
	void *a = hidden(valloc(size(10)));

	CHECK(ours(a));
	CHECK_EQ((uintptr_t)a % PAGE, 0);
	free(a);
	a = hidden(pvalloc(size(10)));
	CHECK(ours(a));
	CHECK_EQ((uintptr_t)a % PAGE, 0);
	CHECK(malloc_usable_size(a) >= PAGE);
	free(a);
	a = hidden(pvalloc(size(0)));
	CHECK(ours(a));
	CHECK(malloc_usable_size(a) >= PAGE);
	free(a);
	/* Whole pages, no matter how little of the last is asked for. */
	a = hidden(pvalloc(size(PAGE)));
	CHECK(ours(a) && malloc_usable_size(a) >= PAGE);
	CHECK(malloc_usable_size(a) < 2 * PAGE);
	free(a);
	a = hidden(pvalloc(size(PAGE + 1)));
	CHECK(ours(a) && malloc_usable_size(a) >= 2 * PAGE);
	CHECK_EQ((uintptr_t)a % PAGE, 0);
	free(a);
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(pvalloc_does_not_round_past_the_end_of_the_address_space)
{
	for (size_t n = SIZE_MAX - 2 * PAGE; n != 0;
	     n = n < SIZE_MAX ? n + 1 : 0) {
		errno = 0;
		CHECK_PTR_EQ(hidden(pvalloc(size(n))), NULL);
		CHECK_EQ(errno, ENOMEM);
		errno = 0;
		CHECK_PTR_EQ(hidden(valloc(size(n))), NULL);
		CHECK_EQ(errno, ENOMEM);
	}
	check_sound();
}
