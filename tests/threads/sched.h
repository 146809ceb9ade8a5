/* SPDX-License-Identifier: MIT */
/*
 * The least scheduler that preempts: on SysTick's interrupts, after times that
 * vary, PendSV goes on to the next thread.  Any Cortex-M; threads are
 * privileged, on stacks of their own, and use no floating point.
 */
#ifndef SCHED_H
#define SCHED_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_THREADS 3
#ifndef SCHED_STACK_WORDS
#define SCHED_STACK_WORDS 160
#endif

/* Start the threads, each with its number; never returns. */
_Noreturn void sched_start(void (*body)(unsigned number), uint32_t seed);

/* No more switches. */
void sched_stop(void);

/* Let the next thread run. */
void sched_yield(void);

/* The running thread; 0 before sched_start. */
unsigned sched_thread(void);

/* True from sched_start on. */
bool sched_is_running(void);

/* The switches that SysTick has made, and those of them inside the heap. */
extern volatile uint32_t sched_preemptions, sched_inside;

/* Set by whoever knows that a thread is in the heap. */
extern volatile bool sched_in_heap;

#endif
