/* SPDX-License-Identifier: MIT */
#include "heap_x86_64.h"

void heap_x86_64_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	/* Again and again: an NMI ends a halt. */
	for (;;)
		__asm__ volatile("cli\n\thlt" ::: "memory");
}
