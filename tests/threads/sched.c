/* SPDX-License-Identifier: MIT */
#include "sched.h"

#include <stddef.h>

#define SYST_CSR   (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR   (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR   (*(volatile uint32_t *)0xe000e018u)
#define SCB_ICSR   (*(volatile uint32_t *)0xe000ed04u)
#define SHPR3      (*(volatile uint32_t *)0xe000ed20u)

#define PENDSVSET  (1u << 28)
#define SYST_RUN   7u
#define PRIORITIES 0x80ff0000u /* SysTick above PendSV, which is lowest */

/* Ticks between switches: from one that hits twice in a call to many calls. */
#define TICKS_MIN 60u
#define TICKS_ODD 16383u

/* What the processor pops at an exception's return, and r4 to r11 below it. */
#define FRAME_WORDS 16
#define FRAME_R0    8
#define FRAME_LR    13
#define FRAME_PC    14
#define FRAME_XPSR  15
#define XPSR_THUMB  0x01000000u

volatile uint32_t sched_preemptions, sched_inside;
volatile bool sched_in_heap;

static uint32_t stack[SCHED_THREADS][SCHED_STACK_WORDS]
	__attribute__((aligned(8)));
static uint32_t *saved[SCHED_THREADS];
static volatile unsigned running;
static volatile bool started;
static uint32_t random;

void SysTick_Handler(void);
void PendSV_Handler(void);
uint32_t *sched_next(uint32_t *sp);

static uint32_t next_ticks(void)
{
	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	return TICKS_MIN + (random & TICKS_ODD);
}

void SysTick_Handler(void)
{
	sched_preemptions++;
	if (sched_in_heap)
		sched_inside++;
	SYST_RVR = next_ticks();
	SYST_CVR = 0;
	SCB_ICSR = PENDSVSET;
}

/* Called by PendSV_Handler alone; `used`, as no compiler sees that. */
__attribute__((used)) uint32_t *sched_next(uint32_t *sp)
{
	saved[running] = sp;
	running = (running + 1) % SCHED_THREADS;
	return saved[running];
}

/* In the instructions that ARMv6-M has: high registers go through low ones. */
__attribute__((naked)) void PendSV_Handler(void)
{
	__asm__ volatile(".syntax unified\n\t"
			 "mrs r0, psp\n\t"
			 "subs r0, #32\n\t"
			 "stmia r0!, {r4-r7}\n\t"
			 "mov r4, r8\n\t"
			 "mov r5, r9\n\t"
			 "mov r6, r10\n\t"
			 "mov r7, r11\n\t"
			 "stmia r0!, {r4-r7}\n\t"
			 "subs r0, #32\n\t"
			 "push {r3, lr}\n\t"
			 "bl sched_next\n\t"
			 "adds r0, #16\n\t"
			 "ldmia r0!, {r4-r7}\n\t"
			 "mov r8, r4\n\t"
			 "mov r9, r5\n\t"
			 "mov r10, r6\n\t"
			 "mov r11, r7\n\t"
			 "msr psp, r0\n\t"
			 "subs r0, #32\n\t"
			 "ldmia r0!, {r4-r7}\n\t"
			 "pop {r3, pc}");
}

static void prepare(unsigned number, void (*body)(unsigned number))
{
	uint32_t *frame = &stack[number][SCHED_STACK_WORDS - FRAME_WORDS];

	frame[FRAME_R0] = number;
	frame[FRAME_PC] = (uint32_t)(uintptr_t)body & ~1u;
	frame[FRAME_XPSR] = XPSR_THUMB;
	saved[number] = frame;
}

/* Thread 0 begins where PendSV would put it; CONTROL selects its stack. */
static __attribute__((naked, noreturn)) void
become_thread(const uint32_t *sp, void (*body)(unsigned number))
{
	(void)sp;
	(void)body;
	__asm__ volatile(".syntax unified\n\t"
			 "msr psp, r0\n\t"
			 "movs r0, #2\n\t"
			 "msr control, r0\n\t"
			 "isb\n\t"
			 "cpsie i\n\t"
			 "movs r0, #0\n\t"
			 "bx r1");
}

_Noreturn void sched_start(void (*body)(unsigned number), uint32_t seed)
{
	for (unsigned i = 1; i < SCHED_THREADS; i++)
		prepare(i, body);
	random = seed | 1;
	started = true;
	__asm__ volatile("cpsid i" ::: "memory");
	SHPR3 = PRIORITIES;
	SYST_RVR = next_ticks();
	SYST_CVR = 0;
	SYST_CSR = SYST_RUN;
	become_thread(stack[1], body);
}

void sched_stop(void)
{
	SYST_CSR = 0;
	started = false;
}

void sched_yield(void)
{
	SCB_ICSR = PENDSVSET;
	__asm__ volatile("dsb\n\tisb" ::: "memory");
}

unsigned sched_thread(void)
{
	return running;
}

bool sched_is_running(void)
{
	return started;
}
