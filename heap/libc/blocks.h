/* SPDX-License-Identifier: MIT */
/*
 * Where the family's blocks come from: the default heap; on Linux the large
 * ones from the kernel.
 *
 * All answer as the heap_*_from of heap.h do, and tell the family's errno
 * through the default heap when memory is refused.
 */
#ifndef HEAP_LIBC_BLOCKS_H
#define HEAP_LIBC_BLOCKS_H

#include "heap.h"

#ifdef __linux__
#include "heap_linux.h"
#endif

/* Are there mapped blocks at all? */
#if defined(HEAP_LINUX) && HEAP_LINUX
#define BLOCKS_MAP 1
#else
#define BLOCKS_MAP 0
#endif

#if BLOCKS_MAP

/*
 * A mapped block lies 64 bytes behind the start of a page, or, when a larger
 * alignment was asked for, at the start of one.  So one test tells that most
 * pointers are no such block; heap_mapped_* look closer at the rest.
 */
#define BLOCKS_MAPPED_OFFSET ((size_t)64)
#define BLOCKS_NOT_MAPPED    ((HEAP_LINUX_PAGE - 1) & ~BLOCKS_MAPPED_OFFSET)

/* Requests from here on are mapped; see host_mapped.c. */
extern size_t heap_mapped_least;

static inline bool blocks_is_large(size_t n)
{
	return n >= __atomic_load_n(&heap_mapped_least, __ATOMIC_RELAXED);
}

/* glibc's promise on i386 too: 16 bytes, which is more than HEAP_ALIGN. */
#define BLOCKS_ALIGN ((size_t)16)

void *heap_mapped_alloc(size_t n, const void *caller);
void *heap_mapped_zalloc(size_t n, const void *caller);
void *heap_mapped_align(size_t align, size_t n, const void *caller);
void *heap_mapped_resize(void *p, size_t n, const void *caller);
/* False: p is no mapped block. */
bool heap_mapped_free(void *p);
/* 0: p is no mapped block. */
size_t heap_mapped_size(const void *p);
/* As malloc_trim, for the default heap and what is free inside it. */
bool heap_mapped_trim(size_t keep, const void *caller);
/*
 * After so many more calls of free the end of the heap is given back.  0: that,
 * or the first thing of all that is freed, or a port that is not ours; see
 * heap_mapped_tidy.
 */
extern unsigned heap_mapped_wait;
void heap_mapped_tidy(void);
/* Requests below need no look at whose port this is. */
extern size_t heap_mapped_fast;
/*
 * Small blocks that malloc and free keep back, see host_quick.h: give them to
 * the heap, from any thread; true when there were any.  And now and then.
 */
bool heap_quick_flush(void);
void heap_quick_tidy(void);
/* How many bytes are mapped for blocks, and in how many blocks. */
void heap_mapped_count(size_t *blocks, size_t *bytes);

/* Of 32 bits, where every block takes a closer look. */
void *heap_narrow_alloc(size_t n, const void *caller);

static inline void *blocks_alloc(size_t n, const void *caller)
{
	if (blocks_is_large(n))
		return heap_mapped_alloc(n, caller);
	if (HEAP_ALIGN < BLOCKS_ALIGN)
		return heap_narrow_alloc(n, caller);
	return heap_alloc_from(&heap_default, n, caller);
}

static inline void *blocks_zalloc(size_t n, const void *caller)
{
	if (HEAP_ALIGN < BLOCKS_ALIGN || blocks_is_large(n))
		return heap_mapped_zalloc(n, caller);
	return heap_zalloc_from(&heap_default, n, caller);
}

static inline void *blocks_align(size_t align, size_t n, const void *caller)
{
	if (HEAP_ALIGN < BLOCKS_ALIGN || blocks_is_large(n))
		return heap_mapped_align(align, n, caller);
	return heap_alloc_aligned_from(&heap_default, align, n, caller);
}

static inline void *blocks_resize(void *p, size_t n, const void *caller)
{
	if (HEAP_ALIGN < BLOCKS_ALIGN || blocks_is_large(n) ||
	    ((uintptr_t)p & BLOCKS_NOT_MAPPED) == 0)
		return heap_mapped_resize(p, n, caller);
	return heap_resize_from(&heap_default, p, n, caller);
}

static inline void blocks_free(void *p, const void *caller)
{
	unsigned wait = __atomic_load_n(&heap_mapped_wait, __ATOMIC_RELAXED);

	/* Threads may lose a count: it need not be exact. */
	if (wait == 0)
		heap_mapped_tidy();
	else
		__atomic_store_n(&heap_mapped_wait, wait - 1, __ATOMIC_RELAXED);
	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) == 0 && heap_mapped_free(p))
		return;
	heap_free_from(&heap_default, p, caller);
}

static inline size_t blocks_usable_size(const void *p, const void *caller)
{
	size_t n = 0;

	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) == 0)
		n = heap_mapped_size(p);
	return n != 0 ? n : heap_usable_size_from(&heap_default, p, caller);
}

static inline bool blocks_trim(size_t keep, const void *caller)
{
	return heap_mapped_trim(keep, caller);
}

/* Before the heap is counted. */
static inline void blocks_settle(void)
{
	heap_quick_flush();
}

#else

static inline void blocks_settle(void)
{
}

static inline void *blocks_alloc(size_t n, const void *caller)
{
	return heap_alloc_from(&heap_default, n, caller);
}

static inline void *blocks_zalloc(size_t n, const void *caller)
{
	return heap_zalloc_from(&heap_default, n, caller);
}

static inline void *blocks_align(size_t align, size_t n, const void *caller)
{
	return heap_alloc_aligned_from(&heap_default, align, n, caller);
}

static inline void *blocks_resize(void *p, size_t n, const void *caller)
{
	return heap_resize_from(&heap_default, p, n, caller);
}

static inline void blocks_free(void *p, const void *caller)
{
	heap_free_from(&heap_default, p, caller);
}

static inline size_t blocks_usable_size(const void *p, const void *caller)
{
	return heap_usable_size_from(&heap_default, p, caller);
}

static inline bool blocks_trim(size_t keep, const void *caller)
{
	return heap_trim_from(&heap_default, keep, caller) != 0;
}

#endif

#endif
