/* SPDX-License-Identifier: MIT */
/*
 * The linker script's region.  Alone in its object, so that a program which
 * brings its own memory needs neither of the two symbols.
 */
#include "heap_port.h"

/* Addresses, not objects: see linker/README.md. */
extern char __heap_start[], __heap_end[];

struct heap_region heap_region_linker = {
	.start = __heap_start,
	.end = __heap_end,
};

/*
 * In archives made for a libc: ask the sbrk that the program brought instead
 * of the libc's or ours.  False when there is none.  Called by us alone.
 */
__attribute__((weak)) bool heap_libc_program_sbrk(ptrdiff_t increment,
						  void **old);

void *heap_linker_sbrk(void *ctx, ptrdiff_t increment)
{
	void *old;

	(void)ctx;
	if (heap_libc_program_sbrk && heap_libc_program_sbrk(increment, &old))
		return old;
	return heap_region_sbrk(&heap_region_linker, increment);
}
