/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

/* Numbers of the two exceptions that PRIMASK does not hold off. */
#define NMI       2
#define HARDFAULT 3

/* The running exception's number, 0 in a thread. */
static uintptr_t exception(void)
{
	uintptr_t ipsr;

	__asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
	return ipsr;
}

bool heap_cortex_m_in_nmi(void *ctx)
{
	uintptr_t number = exception();

	(void)ctx;
	return number == NMI || number == HARDFAULT;
}

bool heap_cortex_m_in_isr(void *ctx)
{
	(void)ctx;
	return exception() != 0;
}

uintptr_t heap_cortex_m_thread(void *ctx)
{
	(void)ctx;
	return exception();
}
