/* SPDX-License-Identifier: MIT */
/*
 * The calls that firmware makes most: malloc and free made of the engine's
 * inline functions for the default heap alone, with nothing to pass on and no
 * lock where the port has none; realloc straight above the engine.  All else,
 * and all trouble, goes the way of every heap.  The one file of libc/ that sees the engine.
 */
#include "hot.h"

#include <errno.h>

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
	if (!heap_may_have_layer(&heap_default))
		return heap_alloc_engine(&heap_default, n, HEAP_LIBC_CALLER);
	return heap_alloc_from(&heap_default, n, HEAP_LIBC_CALLER);
}

static TAIL void *alloc_rest(size_t size, const struct chunk *at)
{
	return heap_alloc_rest(&heap_default, size, at, HEAP_LIBC_CALLER);
}

/* heap_libc_free, below all layers. */
static __attribute__((noinline)) void free_engine(void *p, const void *caller)
{
	int was = errno;

	heap_free_engine(&heap_default, p, caller);
	if (errno != was)
		errno = was;
}

static TAIL void free_slowly(void *p)
{
	if (!heap_may_have_layer(&heap_default))
		free_engine(p, HEAP_LIBC_CALLER);
	else
		heap_libc_free(p, HEAP_LIBC_CALLER);
}

void *malloc(size_t n)
{
	struct heap *h = &heap_default;
	struct chunk *c, *at;
	size_t size;

	if (HEAP_CHECK >= 3 || n >= h->bins.fast)
		return alloc_slowly(n);
	size = chunk_round(n);
	WORD_OPAQUE(size);
	c = hot_take(h, size, &at);
	if (c != NULL)
		return chunk_to_mem(c);
	return alloc_rest(size, at);
}

/* Keeps errno. */
void free(void *p)
{
	struct heap *h = &heap_default;
	struct chunk *c = mem_to_chunk(p);

	WORD_OPAQUE(c);
	if (HEAP_CHECK >= 3 ||
	    (HEAP_CHECK == 0 && (h->bins.fast == 0 || p == NULL)) ||
	    !hot_give(h, c, h->bins.open))
		free_slowly(chunk_to_mem(c));
}

/*
 * NULL for p allocates; 0 for n frees p and answers NULL, errno untouched.
 * On failure p is as before.  What lies between the old size and the new one
 * is indeterminate, and may be what an earlier owner left there.
 */
void *realloc(void *p, size_t n)
{
	void *q;

	if (p == NULL || n - 1 >= CHUNK_PAYLOAD_MAX ||
	    heap_may_have_layer(&heap_default))
		return heap_libc_resize(p, n, NULL, HEAP_LIBC_CALLER);
	q = heap_resize_engine(&heap_default, p, n, HEAP_LIBC_CALLER);
	if (q == NULL)
		errno = ENOMEM;
	return q;
}

#endif
