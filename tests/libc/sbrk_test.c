/* SPDX-License-Identifier: MIT */
/* sbrk beside malloc, where the libc has one that is ours. */
#include "own_port.h"

/* Elsewhere it may be the libc's own, and move another break. */
#if defined(__PICOLIBC__) || defined(__NEWLIB__) || defined(__linux__)
#define SBRK_IS_OURS true
#else
#define SBRK_IS_OURS false
#endif

void *sbrk(ptrdiff_t increment);

#define FAILED ((void *)-1)

TEST(sbrk_moves_the_break_of_the_heap)
{
	if (!SBRK_IS_OURS)
		SKIP("sbrk is the host's");
	size_t n;
	char *arena = own_arena(&n);
	char *now = hidden(sbrk(0));

	CHECK_PTR_EQ(now, arena + own.brk);
	errno = 0x5a;
	CHECK_PTR_EQ(hidden(sbrk(32)), now);
	CHECK_PTR_EQ(hidden(sbrk(0)), now + 32);
	CHECK_PTR_EQ(hidden(sbrk(-32)), now + 32);
	CHECK_PTR_EQ(hidden(sbrk(0)), now);
	CHECK_EQ(errno, 0x5a);
	check_sound();
}

TEST(sbrk_at_the_end_answers_enomem_and_moves_nothing)
{
	if (!SBRK_IS_OURS)
		SKIP("sbrk is the host's");
	char *now = hidden(sbrk(0));
	size_t n;

	own_arena(&n);
	own.noise = 0x33;
	const ptrdiff_t too_much[] = {PTRDIFF_MAX, PTRDIFF_MIN,
				      (ptrdiff_t)n + 1, -(ptrdiff_t)n - 1};

	for (size_t i = 0; i < 4; i++) {
		errno = 0;
		CHECK_PTR_EQ(hidden(sbrk((ptrdiff_t)size((size_t)too_much[i]))),
			     FAILED);
		CHECK_EQ(errno, ENOMEM);
	}
	own.noise = 0;
	CHECK_PTR_EQ(hidden(sbrk(0)), now);
	check_sound();
}

TEST(what_others_take_by_sbrk_the_heap_never_touches)
{
	TAP_NEEDS(3072);
	if (!SBRK_IS_OURS)
		SKIP("sbrk is the host's");
	void *blocks[12];
	char *theirs[12];

	for (size_t i = 0; i < 12; i++) {
		theirs[i] = hidden(sbrk((ptrdiff_t)size(i + 1)));
		CHECK(theirs[i] != FAILED);
		fill(theirs[i], i + 1, (unsigned)i);
		blocks[i] = hidden(malloc(size(10 * i + 50)));
		CHECK(ours(blocks[i]));
		fill(blocks[i], 10 * i + 50, (unsigned)i);
	}
	for (size_t i = 0; i < 12; i++) {
		CHECK(filled(theirs[i], i + 1, (unsigned)i));
		CHECK(filled(blocks[i], 10 * i + 50, (unsigned)i));
		free(blocks[i]);
	}
	for (size_t i = 0; i < 12; i++) {
		void *p = hidden(malloc(size(40)));

		fill(p, 40, 99);
		free(p);
		CHECK(filled(theirs[i], i + 1, (unsigned)i));
	}
	malloc_trim(0);
	for (size_t i = 0; i < 12; i++)
		CHECK(filled(theirs[i], i + 1, (unsigned)i));
	check_sound();
}

#if defined(__PICOLIBC__) || defined(__NEWLIB__)
bool heap_libc_program_sbrk(ptrdiff_t increment, void **old);

TEST(a_program_without_a_break_of_its_own_is_not_asked)
{
	size_t brk = own.brk;
	void *old = &brk;

	CHECK(!heap_libc_program_sbrk(16, &old));
	CHECK_PTR_EQ(old, &brk);
	CHECK_EQ(own.brk, brk);
}
#endif
