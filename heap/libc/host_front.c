/* SPDX-License-Identifier: MIT */
/*
 * malloc and free on Linux.  While glibc says that the process has one thread,
 * no lock is needed, and they are made of the engine's inline functions, as
 * front.c's are where there is never one.  What these cannot serve goes the way
 * of all calls: more threads, layers, large blocks, growth, trouble.
 */
#include "hot.h"

#include "blocks.h"
#include "family.h"

#if BLOCKS_MAP

/* glibc's; other libcs have none, and their programs lock. */
extern char __libc_single_threaded __attribute__((weak));

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

	if (n < heap_mapped_fast && is_alone(h)) {
		c = hot_take(h, chunk_round(n), &at);
		if (c != NULL)
			return chunk_to_mem(c);
	}
	return blocks_alloc(n, HEAP_LIBC_CALLER);
}

/* Keeps errno. */
void free(void *p)
{
	struct heap *h = &heap_default;

	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) != 0 && heap_mapped_wait != 0 &&
	    is_alone(h) && hot_give(h, mem_to_chunk(p), h->bins.units)) {
		heap_mapped_wait--;
		return;
	}
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

#endif
