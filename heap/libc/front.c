/* SPDX-License-Identifier: MIT */
/*
 * malloc and free, the two calls that firmware makes most: made of the engine's
 * inline functions for the default heap alone, with nothing to pass on and no
 * lock where the port has none.  All else, and all trouble, goes the way of
 * every heap.  The one file of libc/ that sees the engine.
 */
#include "hot.h"

#include "blocks.h"
#include "family.h"

const char heap_libc_front = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

#if !BLOCKS_MAP

/*
 * Whose address a fault names is the program's return address.  Thumb-2's tail
 * calls leave it to the callee, which costs the way that is fast nothing.
 */
#if defined(__thumb2__) && defined(__OPTIMIZE__)
#define TAIL __attribute__((noinline))
#else
#define TAIL inline __attribute__((always_inline))
#endif

static TAIL void *alloc_slowly(size_t n)
{
	if (heap_may_have_layer(&heap_default))
		return heap_alloc_from(&heap_default, n, HEAP_LIBC_CALLER);
	return heap_alloc_engine(&heap_default, n, HEAP_LIBC_CALLER);
}

static TAIL void *alloc_rest(size_t size, const struct chunk *at)
{
	return heap_alloc_rest(&heap_default, size, at, HEAP_LIBC_CALLER);
}

static TAIL void free_slowly(void *p)
{
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

void *malloc(size_t n)
{
	struct heap *h = &heap_default;
	struct chunk *c, *at;

	if (HEAP_CHECK >= 3 || n >= h->bins.fast)
		return alloc_slowly(n);
	c = hot_take(h, chunk_round(n), &at);
	if (c != NULL)
		return chunk_to_mem(c);
	return alloc_rest(chunk_round(n), at);
}

/* Keeps errno. */
void free(void *p)
{
	struct heap *h = &heap_default;

	if (HEAP_CHECK >= 3 ||
	    (HEAP_CHECK == 0 && (h->bins.fast == 0 || p == NULL)) ||
	    !hot_give(h, mem_to_chunk(p), h->bins.open))
		free_slowly(p);
}

#endif
