/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

/* ARMv6-M has no LDREX and STREX, of which gcc makes the exchange below. */
#if __ARM_ARCH_ISA_THUMB >= 2 || defined(__ARM_ARCH_8M_BASE__)

/* 1 while a core is in a heap: one for all heaps of the image. */
static uint32_t taken;

/* Interrupts are masked only while it is ours: waiting holds off nobody. */
uintptr_t heap_cortex_m_spin_lock(void *ctx)
{
	for (;;) {
		uintptr_t primask = heap_cortex_m_lock(ctx);

		if (__atomic_exchange_n(&taken, 1, __ATOMIC_ACQUIRE) == 0)
			return primask;
		heap_cortex_m_unlock(ctx, primask);
	}
}

void heap_cortex_m_spin_unlock(void *ctx, uintptr_t state)
{
	__atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
	heap_cortex_m_unlock(ctx, state);
}

#endif
