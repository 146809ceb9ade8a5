/* SPDX-License-Identifier: MIT */
#include "heap_x86_64.h"

/* Interrupts are on: bit 9 of RFLAGS. */
#define IF 0x200u

/* The push needs a stack without a red zone, as all of a kernel does. */
uintptr_t heap_x86_64_lock(void *ctx)
{
	uintptr_t rflags;

	(void)ctx;
	__asm__ volatile("pushfq\n\t"
			 "popq %0\n\t"
			 "cli"
			 : "=r"(rflags)
			 :
			 : "memory");
	return rflags & IF;
}

void heap_x86_64_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	/* Also when there is nothing to do: the compiler's barrier. */
	__asm__ volatile("" ::: "memory");
	if (state != 0)
		__asm__ volatile("sti" ::: "memory", "cc");
}
