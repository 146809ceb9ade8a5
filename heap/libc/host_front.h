/* SPDX-License-Identifier: MIT */
/*
 * What malloc, free and realloc of Linux share: the way of a process that has
 * one thread, without the lock and by the engine's inline functions.
 */
#ifndef HEAP_LIBC_HOST_FRONT_H
#define HEAP_LIBC_HOST_FRONT_H

#include "host_alone.h"
#include "host_quick.h"

#include "blocks.h"

#if BLOCKS_MAP

/*
 * May a call for n bytes do without the lock?  heap_mapped_fast is 0 until the
 * first free of the process; beside a port that is not ours, and where the libc
 * does not tell of threads, it stays so.
 */
static WORD_HOT bool front_is_open(const struct heap *h, size_t n)
{
	return HEAP_CHECK < 3 && HEAP_ALIGN >= BLOCKS_ALIGN &&
	       n < heap_mapped_fast && __libc_single_threaded != 0 &&
	       !heap_may_have_layer(h);
}

/*
 * Bytes of chunk for a request: at least what can wait in a quick list, since
 * smaller ones would take the slow ways of tiny chunks again and again.
 */
static WORD_HOT size_t front_size(size_t n)
{
	const size_t least = QUICK_LEAST - WORD_SIZE;

	return chunk_round(n < least ? least : n);
}

/*
 * Before n bytes are asked of the heap: a large block may need what waits in
 * quick lists to be coalesced.
 */
static inline void front_settle(size_t n)
{
	if (heap_mapped_fast != 0 && n >= heap_mapped_fast)
		heap_quick_flush();
}

/*
 * malloc, and free of block p that is no mapped one, where front_is_open.
 */
void *heap_front_alloc(struct heap *h, size_t n, const void *caller);
void heap_front_free(struct heap *h, void *p, const void *caller);

#endif

#endif
