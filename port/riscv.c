/* SPDX-License-Identifier: MIT */
#include "heap_riscv.h"

/* Machine mode's interrupts are on: bit 3 of mstatus. */
#define MIE 8u

/*
 * Assemblers want to be told that the registers of control and status are
 * there, but to say so by -march makes gcc take another libc.
 */
#define WITH_CSR(text)                                                         \
	".option push\n\t"                                                     \
	".option arch, +zicsr\n\t" text "\n\t"                                 \
	".option pop\n\t"

uintptr_t heap_riscv_lock(void *ctx)
{
	uintptr_t mstatus;

	(void)ctx;
	__asm__ volatile(WITH_CSR("csrrci %0, mstatus, 8") "fence rw, rw"
			 : "=r"(mstatus)
			 :
			 : "memory");
	return mstatus & MIE;
}

void heap_riscv_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	__asm__ volatile("fence rw, rw\n\t" WITH_CSR("csrs mstatus, %0")
			 :
			 : "r"(state)
			 : "memory");
}
