/* SPDX-License-Identifier: MIT */
/*
 * malloc and free on Linux.  While glibc says that the process has one thread,
 * no lock is needed, and they are made of the engine's inline functions, as
 * front.c's are where there is never one.  What these cannot serve goes the way
 * of all calls: more threads, layers, large blocks, growth, trouble.
 */
#include "host_alone.h"
#include "host_quick.h"

#include "blocks.h"
#include "family.h"

#if BLOCKS_MAP

/*
 * May a call for n bytes do without the lock?  heap_mapped_fast is 0 until the
 * first free of the process, and stays so beside a port that is not ours.
 */
static WORD_HOT bool is_alone(const struct heap *h)
{
	return HEAP_CHECK < 3 && HEAP_ALIGN >= BLOCKS_ALIGN &&
	       &__libc_single_threaded != NULL && __libc_single_threaded != 0 &&
	       heap_layer(h) == NULL;
}

void *malloc(size_t n)
{
	struct heap *h = &heap_default;
	struct chunk *c, *at;
	void *p;

	if (n < heap_mapped_fast && is_alone(h)) {
		p = quick_take(h, chunk_round(n), HEAP_LIBC_CALLER);
		if (p != NULL)
			return p;
		c = hot_take(h, chunk_round(n), &at);
		if (c != NULL)
			return chunk_to_mem(c);
	}
	p = blocks_alloc(n, HEAP_LIBC_CALLER);
	/* What waits in quick lists may be what is missing. */
	if (p == NULL && heap_quick_flush())
		p = blocks_alloc(n, HEAP_LIBC_CALLER);
	return p;
}

/*
 * True when p was taken care of.  A block that waits in a quick list is a used
 * one to the heap: so nothing goes by the lists while there is one thread.
 */
static WORD_HOT bool free_alone(struct heap *h, void *p, const void *caller)
{
	struct chunk *c = mem_to_chunk(p);

	if (heap_mapped_wait == 0) {
		heap_mapped_tidy();
		if (heap_mapped_wait == 0)
			return false;
	}
	if (quick_give(h, c, caller))
		return true;
	heap_mapped_wait--;
	return hot_give(h, c, h->bins.units);
}

/* Keeps errno. */
void free(void *p)
{
	struct heap *h = &heap_default;

	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) == 0 || !is_alone(h) ||
	    !free_alone(h, p, HEAP_LIBC_CALLER))
		heap_libc_free(p, HEAP_LIBC_CALLER);
}

#endif
