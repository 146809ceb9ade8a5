/* SPDX-License-Identifier: MIT */
/* What only picolibc's family has: its sbrk, and its own names. */
#include "family.h"

const char heap_libc_glue = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

static void *own_sbrk(ptrdiff_t increment)
{
	return heap_libc_sbrk(increment, NULL);
}

/*
 * Weak: a program may bring its own, and the heap then grows through that (see
 * below).  Not for a port's `sbrk` to call, since this one asks the port.
 */
__attribute__((weak, alias("own_sbrk"))) void *sbrk(ptrdiff_t increment);

bool heap_libc_program_sbrk(ptrdiff_t increment, void **old)
{
	void *(*theirs)(ptrdiff_t) = sbrk;

	/* The linker knows which it is, the compiler must not think so. */
	__asm__("" : "+r"(theirs));
	if (theirs == own_sbrk)
		return false;
	*old = theirs(increment);
	return true;
}

/* An object of picolibc 1.8 that a program's override pulls in may call them. */
void *__malloc_malloc(size_t n);
void __malloc_free(void *p);

void *__malloc_malloc(size_t n)
{
	return heap_libc_alloc(n, NULL, HEAP_LIBC_CALLER);
}

void __malloc_free(void *p)
{
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

/*
 * Tripwires: data of the libcs' own allocators.  A link that pulls one of them
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
