/* SPDX-License-Identifier: MIT */
/*
 * A floor: hands out the next bytes and never takes any back.  The size is
 * kept before the block because realloc has to know it.
 */
#include "bench.h"

void *memcpy(void *to, const void *from, size_t n);

static char *next;
static char *end;

static void init(void *region, size_t size)
{
	next = (char *)region + 4;
	end = (char *)region + size;
}

static void *bump_malloc(size_t n)
{
	size_t size = (n + 4 + 7) & ~(size_t)7;
	char *p = next;

	if (n > PTRDIFF_MAX || size > (size_t)(end - p))
		return NULL;
	next = p + size;
	*(size_t *)(void *)p = n;
	return p + 4;
}

static void bump_free(void *p)
{
	(void)p;
}

static void *bump_realloc(void *p, size_t n)
{
	size_t old = ((size_t *)p)[-1];
	void *to = bump_malloc(n);

	return to == NULL ? NULL : memcpy(to, p, n < old ? n : old);
}

const struct bench_allocator bench_allocator = {
	.init = init,
	.malloc = bump_malloc,
	.free = bump_free,
	.realloc = bump_realloc,
};
