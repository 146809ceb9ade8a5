/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

/* Neither ARMv6-M nor the baseline of ARMv8-M has BASEPRI. */
#if __ARM_ARCH_ISA_THUMB >= 2 && !defined(__ARM_ARCH_8M_BASE__)

/* A byte each: the priorities of exceptions from 4 up, of interrupts. */
#define SHPR ((const volatile uint8_t *)0xe000ed18u)
#define IPR  ((const volatile uint8_t *)0xe000e400u)

/* Number of the last exception whose priority cannot be set; interrupt 0's. */
#define HARDFAULT  3
#define INTERRUPTS 16

/*
 * basepri_max only ever raises the mask.  With interrupts off around it, as a
 * Cortex-M7 r0p1 lets one more in after the write.
 */
uintptr_t heap_cortex_m_basepri_lock(void *ctx)
{
	uintptr_t basepri, primask;

	(void)ctx;
	__asm__ volatile("mrs %0, basepri\n\t"
			 "mrs %1, primask\n\t"
			 "cpsid i\n\t"
			 "msr basepri_max, %2\n\t"
			 "dsb\n\t"
			 "isb\n\t"
			 "msr primask, %1"
			 : "=&r"(basepri), "=&r"(primask)
			 : "r"((uintptr_t)heap_cortex_m_basepri)
			 : "memory");
	return basepri;
}

void heap_cortex_m_basepri_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	__asm__ volatile("dmb\n\t"
			 "msr basepri, %0"
			 :
			 : "r"(state)
			 : "memory");
}

bool heap_cortex_m_above_basepri(void *ctx)
{
	uintptr_t number;

	(void)ctx;
	__asm__ volatile("mrs %0, ipsr" : "=r"(number));
	if (number <= HARDFAULT)
		return number != 0;
	return (number < INTERRUPTS
			? SHPR[number - 4]
			: IPR[number - INTERRUPTS]) < heap_cortex_m_basepri;
}

#endif
