/* SPDX-License-Identifier: MIT */
/*
 * An adapter for a libc's own allocator: the names that users call, above an
 * sbrk over the bench's region, which is what the user of a libc brings.
 */
#ifndef BENCH_LIBC_H
#define BENCH_LIBC_H

#include "bench.h"

void *malloc(size_t n);
void free(void *p);
void *realloc(void *p, size_t n);

static char *bench_break;
static char *bench_end;

/* The classic semantics; -1 is what a libc expects for failure. */
static inline void *bench_sbrk(ptrdiff_t increment)
{
	char *old = bench_break;

	if (increment > bench_end - old)
		return (void *)-1; // NOLINT
	bench_break = old + increment;
	return old;
}

static void bench_libc_init(void *region, size_t size)
{
	bench_break = region;
	bench_end = bench_break + size;
}

#define BENCH_LIBC_ALLOCATOR                                                   \
	const struct bench_allocator bench_allocator = {                       \
		.init = bench_libc_init,                                       \
		.malloc = malloc,                                              \
		.free = free,                                                  \
		.realloc = realloc,                                            \
	}

#endif
