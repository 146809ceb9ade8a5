/* SPDX-License-Identifier: MIT */
/* The malloc of newlib's libc.a. */
#include "libc.h"

void *_sbrk(ptrdiff_t increment);

void *_sbrk(ptrdiff_t increment)
{
	return bench_sbrk(increment);
}

BENCH_LIBC_ALLOCATOR;
