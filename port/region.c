/* SPDX-License-Identifier: MIT */
/*
 * The break over a region.  It runs inside malloc's worst case, hence the few
 * tests, and every sum is written as a difference that cannot wrap.
 */
#include "heap_port.h"

#define SPENT ((void *)-1)

void *heap_region_sbrk(void *region, ptrdiff_t increment)
{
	struct heap_region *r = region;
	uintptr_t start = (uintptr_t)r->start;
	uintptr_t end = (uintptr_t)r->end;
	uintptr_t brk = (uintptr_t)r->brk;
	uintptr_t delta = (uintptr_t)increment;

	if (brk == 0)
		brk = start;
	/* A reversed region shows up here too: its first break is its start. */
	if (start == 0 || brk < start || brk > end)
		return SPENT;
	if (increment < 0 ? 0 - delta > brk - start : delta > end - brk)
		return SPENT;
	/* That address could not be told from a failure. */
	if (brk + delta == (uintptr_t)SPENT)
		return SPENT;
	r->brk = (char *)(brk + delta);
	return (char *)brk;
}
