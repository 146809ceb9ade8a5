/* SPDX-License-Identifier: MIT */
/*
 * A floor: a list for each of 33 sizes, every 8 bytes up to 128, then two an
 * octave.  A block keeps its size for ever: none is split, none are merged.
 */
#include "bench.h"

#define EXACT 16u
#define LISTS (EXACT + 17u)

void *memcpy(void *to, const void *from, size_t n);

static size_t *spare[LISTS]; /* mem's first word leads to the next */
static char *fresh;
static char *end;

static void init(void *region, size_t size)
{
	fresh = (char *)region + 4;
	end = (char *)region + size;
}

/* The list of blocks of n bytes with their headers; *size is theirs. */
static unsigned list_of(size_t n, size_t *size)
{
	unsigned octave;
	size_t half;

	*size = (n + 7) & ~(size_t)7;
	if (*size <= EXACT * 8)
		return (unsigned)(*size / 8 - 1);
	/* 129 to 192 is the first, 193 to 256 the second. */
	octave = 31 - (unsigned)__builtin_clz((unsigned)(n - 1));
	half = (n - 1) >> (octave - 1) & 1;
	*size = (half + 3) << (octave - 1);
	return EXACT + (octave - 7) * 2 + (unsigned)half;
}

static void *lists_malloc(size_t n)
{
	size_t size, *p;
	unsigned list = list_of(n + 4, &size);

	if (list >= LISTS)
		return NULL;
	p = spare[list];
	if (p != NULL) {
		spare[list] = *(size_t **)p;
		return p;
	}
	if (size > (size_t)(end - fresh))
		return NULL;
	p = (size_t *)(void *)fresh;
	fresh += size;
	*p = list;
	return p + 1;
}

static void lists_free(void *p)
{
	size_t list = ((size_t *)p)[-1];

	*(size_t **)p = spare[list];
	spare[list] = p;
}

static void *lists_realloc(void *p, size_t n)
{
	size_t have, size;
	void *to;

	if (list_of(n + 4, &size) <= ((size_t *)p)[-1])
		return p;
	to = lists_malloc(n);
	if (to == NULL)
		return NULL;
	have = ((size_t *)p)[-1];
	have = have < EXACT ? (have + 1) * 8
			    : (have % 2 + 3) << ((have - EXACT) / 2 + 6);
	memcpy(to, p, have - 4);
	lists_free(p);
	return to;
}

const struct bench_allocator bench_allocator = {
	.init = init,
	.malloc = lists_malloc,
	.free = lists_free,
	.realloc = lists_realloc,
};
