/* SPDX-License-Identifier: MIT */
/* What only glibc's family has. */
#include <malloc.h>

#include "blocks.h"
#include "family.h"

const char heap_libc_glue = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);
HEAP_LIBC_HOLD(heap_libc_process);
#if BLOCKS_MAP
HEAP_LIBC_HOLD(heap_libc_host_front);
HEAP_LIBC_HOLD(heap_libc_host_resize);
#endif

#pragma GCC visibility push(default)
struct mallinfo2 mallinfo2(void);
#pragma GCC visibility pop

/* mallinfo in numbers that are large enough, and with what is mapped. */
struct mallinfo2 mallinfo2(void)
{
	struct heap_stats s;
	size_t blocks = 0, bytes = 0;

	blocks_settle();
	heap_stats(&heap_default, &s);
#if BLOCKS_MAP
	heap_mapped_count(&blocks, &bytes);
#endif
	return (struct mallinfo2){
		.arena = s.taken,
		.hblks = blocks,
		.hblkhd = bytes,
		.ordblks = s.free_chunks,
		.uordblks = s.in_use,
		.fordblks = s.free,
		.keepcost = s.largest_free,
	};
}
