/* SPDX-License-Identifier: MIT */
/* The malloc of picolibc.  Its own sbrk is bound to linker symbols. */
#include "libc.h"

void *sbrk(ptrdiff_t increment);

void *sbrk(ptrdiff_t increment)
{
	return bench_sbrk(increment);
}

BENCH_LIBC_ALLOCATOR;
