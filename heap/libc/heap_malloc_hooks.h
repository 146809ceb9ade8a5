/* SPDX-License-Identifier: MIT */
/*
 * The classic malloc hooks, with glibc's types, for programs that were written
 * for them: compile with `-include heap_malloc_hooks.h`, link with heap.a.
 * No libc declares them any more.
 *
 * A hook that is not NULL is called instead of the function, with the address
 * of who called that; what it returns is what the caller gets.  To allocate, a
 * hook puts the old one back, calls malloc, and sets itself again.  Between
 * these two the calls of other threads and of interrupts go by it: that is the
 * race for which glibc gave the hooks up.  heap_observe.h has none.
 *
 * A program that names one of these always takes the path with the lock.
 *
 * __malloc_initialize_hook is not declared here.  It is weak in heap.a: define
 *
 *	void (*__malloc_initialize_hook)(void) = my_init;
 *
 * with volatile or without, and my_init is called before the first call of the
 * malloc family does its work.
 */
#ifndef HEAP_MALLOC_HOOKS_H
#define HEAP_MALLOC_HOOKS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Instead of malloc and calloc, which then clears what it gets. */
extern void *(*volatile __malloc_hook)(size_t size, const void *caller);

/* Instead of realloc; p may be NULL, and size 0. */
extern void *(*volatile __realloc_hook)(void *p, size_t size,
					const void *caller);

/* Instead of memalign, aligned_alloc, posix_memalign, valloc and pvalloc. */
extern void *(*volatile __memalign_hook)(size_t alignment, size_t size,
					 const void *caller);

/* Instead of free; p may be NULL. */
extern void (*volatile __free_hook)(void *p, const void *caller);

/* Called after the heap has grown, behind the call that made it grow. */
extern void (*volatile __after_morecore_hook)(void);

#ifdef __cplusplus
}
#endif

#endif
