/* SPDX-License-Identifier: MIT */
#include "heap_riscv.h"

void heap_riscv_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	heap_riscv_lock(NULL);
	/* No ebreak, which without a debugger is a trap, and no wfi. */
	for (;;)
		__asm__ volatile("");
}
