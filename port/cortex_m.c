/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

uintptr_t heap_cortex_m_lock(void *ctx)
{
	uintptr_t primask;

	(void)ctx;
	__asm__ volatile("mrs %0, primask\n\t"
			 "cpsid i\n\t"
			 "dmb"
			 : "=r"(primask)
			 :
			 : "memory");
	return primask;
}

void heap_cortex_m_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	__asm__ volatile("dmb\n\t"
			 "msr primask, %0"
			 :
			 : "r"(state)
			 : "memory");
}
