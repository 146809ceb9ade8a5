/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

/* Of every Cortex-M: the register that asks for a reset, and what to write. */
#define AIRCR       (*(volatile uint32_t *)0xe000ed0c)
#define VECTKEY     0x05fa0000u
#define PRIGROUP    0x700u
#define SYSRESETREQ 0x4u

void heap_cortex_m_reset(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	__asm__ volatile("cpsid i\n\tdsb" ::: "memory");
	AIRCR = VECTKEY | (AIRCR & PRIGROUP) | SYSRESETREQ;
	__asm__ volatile("dsb" ::: "memory");
	/* It takes a few cycles. */
	for (;;)
		__asm__ volatile("");
}
