/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

void heap_cortex_m_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	__asm__ volatile("cpsid i" ::: "memory");
	/*
	 * No bkpt, which without a debugger is a HardFault, and no wfi, in
	 * which some parts lose the debugger.
	 */
	for (;;)
		__asm__ volatile("");
}
