/* SPDX-License-Identifier: MIT */
/* The malloc family on a port with memory and nothing else. */
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

const struct heap_port heap_port_default = {.sbrk = take};

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
