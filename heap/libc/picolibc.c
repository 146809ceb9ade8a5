/* SPDX-License-Identifier: MIT */
/* What only picolibc's family has: its mallinfo, its sbrk, its own names. */
#include <malloc.h>

#include "family.h"

const char heap_libc_glue = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

void *sbrk(ptrdiff_t increment);

/* arena: bytes taken; ordblks: free chunks; uordblks and fordblks: bytes in
 * use and free; keepcost: the most that malloc_trim could give back. */
struct mallinfo mallinfo(void)
{
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	return (struct mallinfo){
		.arena = s.taken,
		.ordblks = s.free_chunks,
		.uordblks = s.in_use,
		.fordblks = s.free,
		.keepcost = s.largest_free,
	};
}

/*
 * Programs bring their own: theirs wins, and the heap grows through it (see
 * break.c).  Not to be called by a port's `sbrk`, for which this one asks.
 */
__attribute__((weak)) void *sbrk(ptrdiff_t increment)
{
	return heap_libc_sbrk(increment);
}

/* An object of picolibc 1.8 that a program's override pulls in may call them. */
void *__malloc_malloc(size_t n);
void __malloc_free(void *p);

void *__malloc_malloc(size_t n)
{
	return heap_libc_alloc(n, HEAP_LIBC_CALLER);
}

void __malloc_free(void *p)
{
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

/*
 * Tripwires: data of the libc's own allocators.  A link that pulls one of them
 * in beside ours is refused, "multiple definition", instead of having two
 * heaps.  Nobody reads them.
 */
extern const char __malloc_av_, __malloc_sbrk_base, __malloc_free_list,
	__malloc_sbrk_start, __malloc_sbrk_top;
const char __malloc_av_ = 0;
const char __malloc_sbrk_base = 0;
const char __malloc_free_list = 0;
const char __malloc_sbrk_start = 0;
const char __malloc_sbrk_top = 0;
