/* SPDX-License-Identifier: MIT */
/*
 * ThreadX: the port of the heap behind malloc.  Compile it with the program and
 * link heap.a; port/rtos/THREADX.md tells the rest.
 *
 * HEAP_THREADX_MUTEX 0, the default: the lock masks interrupts; threads, timers,
 * interrupts and tx_application_define may all allocate.
 * HEAP_THREADX_MUTEX 1: it is a mutex with priority inheritance; interrupts may
 * free only.  tx_application_define must call heap_threadx_init.
 */
#include "tx_api.h"
#include "tx_initialize.h"
#include "tx_thread.h"

#include "heap_lock.h"
#include "heap_pending.h"
#include "heap_threadx.h"

#ifndef HEAP_THREADX_MUTEX
#define HEAP_THREADX_MUTEX 0
#endif

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	/* No thread is at an odd address. */
	return TX_THREAD_GET_SYSTEM_STATE() != TX_INITIALIZE_IS_FINISHED
		       ? 1
		       : (uintptr_t)tx_thread_identify();
}

/* Interrupts off, and stay: a debugger finds the fault in the arguments. */
static void stop(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	(void)fault;
	(void)tx_interrupt_control(TX_INT_DISABLE);
	for (;;)
		continue;
}

#if HEAP_THREADX_MUTEX
static TX_MUTEX tx_mutex;
static bool is_there;

static void take(void *mutex)
{
	(void)tx_mutex_get(mutex, TX_WAIT_FOREVER);
}

static void give(void *mutex)
{
	(void)tx_mutex_put(mutex);
}

/* Threads without the mutex are refused and told: never without a lock. */
static enum heap_context context(void)
{
	ULONG state = TX_THREAD_GET_SYSTEM_STATE();

	if (state >= TX_INITIALIZE_IN_PROGRESS)
		return HEAP_CONTEXT_ALONE;
	return state == TX_INITIALIZE_IS_FINISHED && is_there
		       ? HEAP_CONTEXT_THREAD
		       : HEAP_CONTEXT_NO_WAIT;
}

static struct heap_mutex mutex = {
	.mutex = &tx_mutex,
	.take = take,
	.give = give,
	.context = context,
};

static struct heap_pending pending = {
	.calls = &heap_pending_calls,
	.swap = heap_swap,
};

const struct heap_port heap_port_default = {
	.ctx = &mutex,
	.sbrk = heap_linker_sbrk,
	.lock = heap_mutex_lock,
	.unlock = heap_mutex_unlock,
	.in_isr = heap_mutex_in_isr,
	.pending = &pending,
	.thread = thread,
	.fault = stop,
};

void heap_threadx_init(void)
{
	static CHAR name[] = "heap";

	is_there = tx_mutex_create(&tx_mutex, name, TX_INHERIT) == TX_SUCCESS;
}
#else
static uintptr_t mask(void *ctx)
{
	(void)ctx;
	return tx_interrupt_control(TX_INT_DISABLE);
}

static void unmask(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)tx_interrupt_control((UINT)state);
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = mask,
	.unlock = unmask,
	.thread = thread,
	.fault = stop,
};

void heap_threadx_init(void)
{
	/* A mask needs no making. */
}
#endif
