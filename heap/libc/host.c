/* SPDX-License-Identifier: MIT */
/* What only glibc's family has. */
#include <malloc.h>

#include "family.h"

const char heap_libc_glue = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

#pragma GCC visibility push(default)
struct mallinfo2 mallinfo2(void);
#pragma GCC visibility pop

/* mallinfo in numbers that are large enough. */
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
