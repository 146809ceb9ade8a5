/* SPDX-License-Identifier: MIT */
#include "heap_shade.h"

/* Of the sanitizer's runtime, which is the program's, not the heap's. */
void __asan_poison_memory_region(void const volatile *mem, size_t n);
void __asan_unpoison_memory_region(void const volatile *mem, size_t n);

void heap_shade_asan(void *ctx, enum heap_shade what, const void *mem, size_t n,
		     size_t was)
{
	(void)ctx;
	switch (what) {
	case HEAP_SHADE_TAKEN:
	case HEAP_SHADE_DEAD:
		__asan_poison_memory_region(mem, n);
		break;
	case HEAP_SHADE_RESIZED:
		if (was > n)
			__asan_poison_memory_region((const char *)mem + n,
						    was - n);
		else
			__asan_unpoison_memory_region(mem, n);
		break;
	case HEAP_SHADE_BORN:
	case HEAP_SHADE_GONE:
		__asan_unpoison_memory_region(mem, n);
		break;
	}
}

const struct heap_port heap_port_default = {
	.sbrk = heap_host_sbrk,
	.lock = heap_host_lock,
	.unlock = heap_host_unlock,
	.write = heap_host_write,
	.fault = heap_host_fault,
	.shade = heap_shade_asan,
};
