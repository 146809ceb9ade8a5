/* SPDX-License-Identifier: MIT */
/*
 * Trials on a Cortex-M board: a fault ends the firmware, and `run` starts it
 * again behind the trial under way.  A call that does not return is found by
 * SysTick; under QEMU's -icount a tick is a number of instructions.
 */
#include "board.h"
#include "campaign.h"

#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)

static unsigned char memory[MEMORY_BYTES] __attribute__((aligned(64)));

unsigned char *place_memory(void)
{
	return memory;
}

void SysTick_Handler(void);

void SysTick_Handler(void)
{
	static unsigned op, ticks;
	static uint32_t rand;
	static const char *phase;

	/* The random numbers tell trials apart that are at the same place. */
	if (op != trial.op || phase != trial.phase || rand != trial.rand)
		ticks = 0;
	op = trial.op;
	rand = trial.rand;
	phase = trial.phase;
	/* Three: what the harness does between two calls is no hang. */
	if (++ticks < 4)
		return;
	campaign_end(HANG, "time", NULL, NULL);
	board_exit(1);
}

_Noreturn void place_end(void)
{
	board_exit(1);
}

void place_try(void (*run)(unsigned long index), unsigned long index)
{
	SYST_RVR = 0xffffff;
	SYST_CSR = 7;
	run(index);
}
