/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

/*
 * Kept out of sight of the optimiser, so that a debugger shows the fault in
 * the arguments of this frame.
 */
void heap_cortex_m_stop(void *ctx, const struct heap_fault *fault)
{
	__asm__ volatile("cpsid i" ::"r"(ctx), "r"(fault) : "memory");
	/*
	 * No bkpt, which without a debugger is a HardFault, and no wfi, in
	 * which some parts lose the debugger.
	 */
	for (;;)
		__asm__ volatile("" ::"r"(ctx), "r"(fault));
}
