/* SPDX-License-Identifier: MIT */
/* The real ThreadX: time-sliced threads over the heap; see kernels.sh. */
#include <stdint.h>
#include <stdlib.h>

#include "tx_api.h"
#include "tx_initialize.h"
#include "tx_thread.h"
#include "tx_timer.h"

#include "format.h"
#include "heap_threadx.h"
#include "work.h"

#define SYST_CSR    (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR    (*(volatile uint32_t *)0xe000e014u)
#define SHPR3       (*(volatile uint32_t *)0xe000ed20u)

#define TICK        2500
#define OPERATIONS  60000
#define STACK_WORDS 256

static TX_THREAD threads[WORKERS];
static ULONG stacks[WORKERS][STACK_WORDS];
static volatile unsigned left = WORKERS;

void *work_take(size_t n)
{
	return malloc(n);
}

void work_give(void *p)
{
	free(p);
}

/* What ThreadX's example has in assembler. */
VOID _tx_initialize_low_level(VOID);
VOID _tx_initialize_low_level(VOID)
{
	extern char __stack[];

	/* The scheduler lets interrupts in. */
	__asm__ volatile("cpsid i" ::: "memory");
	_tx_thread_system_stack_ptr = __stack;
	SHPR3 = 0x40ff0000u;
	SYST_RVR = TICK;
	SYST_CSR = 7;
}

VOID _tx_timer_interrupt(VOID);
void SysTick_Handler(void);
void SysTick_Handler(void)
{
	_tx_timer_interrupt();
	work_tick();
}

static VOID worker(ULONG number)
{
	work((unsigned)number, OPERATIONS);
	UINT was = tx_interrupt_control(TX_INT_DISABLE);

	left--;
	tx_interrupt_control(was);
	if (number != 0)
		return;
	while (left != 0)
		tx_thread_sleep(1);
	work_finish();
}

VOID tx_application_define(VOID *first_unused_memory)
{
	static CHAR name[] = "worker";

	(void)first_unused_memory;
	/* Before the scheduler. */
	free(malloc(100));
	heap_threadx_init();
	for (ULONG i = 0; i < WORKERS; i++)
		if (tx_thread_create(&threads[i], name, worker, i, stacks[i],
				     sizeof(stacks[i]), 8, 8, 1,
				     TX_AUTO_START) != TX_SUCCESS)
			work_fail("no thread");
}

int main(void)
{
	tx_kernel_enter();
	return 1;
}
