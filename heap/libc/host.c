/* SPDX-License-Identifier: MIT */
/* What only glibc's family has. */
#include <limits.h>
#include <malloc.h>

#include "family.h"

const char heap_libc_glue = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

#pragma GCC visibility push(default)
struct mallinfo mallinfo(void);
struct mallinfo2 mallinfo2(void);
#pragma GCC visibility pop

/* arena: bytes taken; ordblks: free chunks; uordblks and fordblks: bytes in
 * use and free; keepcost: the most that malloc_trim could give back. */
struct mallinfo2 mallinfo2(void)
{
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	return (struct mallinfo2){
		.arena = s.taken,
		.ordblks = s.free_chunks,
		.uordblks = s.in_use,
		.fordblks = s.free,
		.keepcost = s.largest_free,
	};
}

static int clip(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int)n;
}

/* mallinfo2 in ints: what does not fit reads as INT_MAX. */
struct mallinfo mallinfo(void)
{
	struct mallinfo2 info = mallinfo2();

	return (struct mallinfo){
		.arena = clip(info.arena),
		.ordblks = clip(info.ordblks),
		.uordblks = clip(info.uordblks),
		.fordblks = clip(info.fordblks),
		.keepcost = clip(info.keepcost),
	};
}
