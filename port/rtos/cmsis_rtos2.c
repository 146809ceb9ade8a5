/* SPDX-License-Identifier: MIT */
/*
 * CMSIS-RTOS2 (RTX5, and the wrappers over FreeRTOS and ThreadX): the port of
 * the heap behind malloc.  Compile it with the program and link heap.a;
 * port/rtos/CMSIS_RTOS2.md tells the rest.
 *
 * The lock holds up the kernel: no other thread runs for as long as one
 * operation takes.  It nests and gives back what was there.  In an interrupt
 * free hangs the block on a list, and malloc is refused and told.
 */
#include "cmsis_os2.h"

#include "heap_cortex_m.h"
#include "heap_pending.h"

/* What lock answers when there is nothing to give back; 0 and 1 are CMSIS's. */
#define NOT_TAKEN ((uintptr_t)2)

/*
 * Before the kernel runs, and where interrupts are masked, osKernelLock answers
 * an error; nobody else runs then.
 */
static uintptr_t lock(void *ctx)
{
	osKernelState_t state = osKernelGetState();
	int32_t was;

	(void)ctx;
	if (state != osKernelRunning && state != osKernelLocked)
		return NOT_TAKEN;
	was = osKernelLock();
	return was >= 0 ? (uintptr_t)was : NOT_TAKEN;
}

static void unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	if (state != NOT_TAKEN)
		(void)osKernelRestoreLock((int32_t)state);
}

static uintptr_t thread(void *ctx)
{
	uintptr_t number = heap_cortex_m_thread(ctx);

	return number != 0 ? number : (uintptr_t)osThreadGetId();
}

static struct heap_pending pending = {
	.calls = &heap_pending_calls,
	.swap = heap_swap,
};

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = lock,
	.unlock = unlock,
	.in_isr = heap_cortex_m_in_isr,
	.pending = &pending,
	.thread = thread,
	.fault = heap_cortex_m_stop,
};
