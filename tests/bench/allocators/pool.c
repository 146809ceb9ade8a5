/* SPDX-License-Identifier: MIT */
/*
 * A floor: blocks of one size, the largest that the trace asks for, without a
 * header.  What a program does that knows its sizes and has memory to spare.
 */
#include "bench.h"

static void *spare; /* a free block's first word leads to the next */
static char *fresh; /* never handed out yet */
static char *end;
static size_t block;

static void init(void *region, size_t size)
{
	/* None: nothing can be asked for. */
	block = bench_trace ? (bench_trace->largest + 7) & ~(size_t)7 : 0;
	fresh = region;
	end = fresh + size;
}

static void *pool_malloc(size_t n)
{
	void *p = spare;

	if (n > block)
		return NULL;
	if (p != NULL) {
		spare = *(void **)p;
		return p;
	}
	p = fresh;
	if (block > (size_t)(end - fresh))
		return NULL;
	fresh += block;
	return p;
}

static void pool_free(void *p)
{
	*(void **)p = spare;
	spare = p;
}

static void *pool_realloc(void *p, size_t n)
{
	return n > block ? NULL : p;
}

const struct bench_allocator bench_allocator = {
	.init = init,
	.malloc = pool_malloc,
	.free = pool_free,
	.realloc = pool_realloc,
};
