/* SPDX-License-Identifier: MIT */
/* As traced.c, on this machine: to the file that TRACE in the environment names. */
#define _POSIX_C_SOURCE 200809L /* open, write */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "heap.h"
#include "heap_host.h"
#include "heap_observe.h"
#include "heap_trace.h"
#include "traced.h"

/* The linker's: the end of the code. */
extern const char etext[];

int main(void);

static int file;
static uint64_t memory[65536];

static void record_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_trace_fault(fault);
}

static void to_file(void *ctx, const void *bytes, size_t n)
{
	(void)ctx;
	if (write(file, bytes, n) != (ssize_t)n)
		_exit(2);
}

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	return (uintptr_t)pthread_self();
}

/*
 * Now and then, let others go on before the event that was numbered under the
 * lock is told; not for long, as there may be none.
 */
static void unlock_and_dawdle(void *ctx, uintptr_t state)
{
	static atomic_uint count;
	unsigned n = ++count;

	heap_host_unlock(ctx, state);
	for (int i = 0; n % 61 == 0 && i < 1000 && count - n < 8; i++)
		sched_yield();
}

static struct heap_trace_setup setup = {
	.heap = &heap_default,
	.memory = memory,
	.size = sizeof(memory),
	.write = to_file,
};

const struct heap_port heap_port_default = {
	.sbrk = heap_host_sbrk,
	.lock = heap_host_lock,
	.unlock = unlock_and_dawdle,
	.thread = thread,
	.write = heap_host_write,
	.fault = record_fault,
};

void traced_start(void)
{
	const char *path = getenv("TRACE");

	setup.code = (const void *)(uintptr_t)main;
	setup.code_size = (uintptr_t)etext - (uintptr_t)main;
	file = open(path != NULL ? path : "", O_WRONLY | O_CREAT | O_TRUNC,
		    0666);
	if (file < 0 || !heap_trace_start(&setup) ||
	    !heap_observe(&heap_default, &heap_trace_observer))
		_exit(2);
}

void traced_stop(void)
{
	heap_unobserve(&heap_default, &heap_trace_observer);
	heap_trace_stop();
	_exit(0);
}
