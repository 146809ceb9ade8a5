/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "board.h"
#include "heap.h"
#include "heap_cortex_m.h"
#include "heap_observe.h"
#include "heap_trace.h"
#include "semihost.h"
#include "traced.h"

#define PATH_MAX 160

/* A timer of the MPS2 boards, 25 MHz, counting down: CMSDK APB timer 0. */
#define TIMER_HZ    25000000u
#define TIMER_CTRL  (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004u)

/* Application interrupt and reset control: a reset that RAM survives. */
#define SCB_AIRCR       (*(volatile uint32_t *)0xe000ed0cu)
#define AIRCR_RESET_REQ 0x05fa0004u

/* From linker/sections.ld. */
extern const char __code_start[], __etext[];

static char path[PATH_MAX];
static const char *manner;
static int file = -1;
static bool failed;

/* Kept over a reset, as the ring has to be. */
__attribute__((section(".noinit"))) static uint64_t memory[512];

/* ---- the port ----------------------------------------------------------- */

static uint32_t now(void *ctx)
{
	(void)ctx;
	return ~TIMER_VALUE;
}

static void console_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	board_write(bytes, n);
}

/* Goes on: the heap has refused the call, and stays usable. */
static void record_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_trace_fault(fault);
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.in_isr = heap_cortex_m_in_nmi,
	.now = now,
	.write = console_write,
	.fault = record_fault,
};

/* ---- where the trace goes -------------------------------------------------- */

static void to_file(void *ctx, const void *bytes, size_t n)
{
	(void)ctx;
	if (file < 0 || semihost_write(file, bytes, n) != 0)
		failed = true;
}

static struct heap_trace_setup setup = {
	.heap = &heap_default,
	.hz = TIMER_HZ,
	.memory = memory,
	.size = sizeof(memory),
	.write = to_file,
};

static void read_args(void)
{
	const char *args = board_args();
	size_t n = strcspn(args, " ");

	if (n >= PATH_MAX)
		board_exit(2);
	memcpy(path, args, n);
	manner = args[n] == ' ' ? args + n + 1 : "";
}

static _Noreturn void traced_end(void)
{
	semihost_close(file);
	board_exit(failed ? 2 : 0);
}

void traced_start(void)
{
	read_args();
	TIMER_VALUE = 0xffffffffu;
	TIMER_CTRL = 1;
	setup.code = __code_start;
	setup.code_size = (uintptr_t)__etext - (uintptr_t)__code_start;
	file = semihost_open(path, SEMIHOST_WRITE);
	if (strcmp(manner, "lines") == 0) {
		setup.write = heap_trace_write_lines;
		setup.ctx = (void *)(uintptr_t)&heap_port_default;
	} else if (strcmp(manner, "ring") == 0) {
		setup.write = NULL;
	} else if (strcmp(manner, "reset") == 0) {
		if (heap_trace_recover(memory, sizeof(memory), to_file, NULL))
			traced_end();
		setup.write = NULL;
	} else if (strcmp(manner, "mtrace") == 0) {
		heap_observe(&heap_default, &heap_mtrace_observer);
		return;
	}
	if (!heap_trace_start(&setup) ||
	    !heap_observe(&heap_default, &heap_trace_observer))
		board_exit(2);
}

void traced_stop(void)
{
	if (strcmp(manner, "mtrace") == 0)
		board_exit(0);
	/* What a debugger would find, and what is there after a crash. */
	if (strcmp(manner, "ring") == 0) {
		to_file(NULL, memory, sizeof(memory));
		traced_end();
	}
	if (strcmp(manner, "reset") == 0)
		for (;;)
			SCB_AIRCR = AIRCR_RESET_REQ;
	heap_unobserve(&heap_default, &heap_trace_observer);
	heap_trace_stop();
	traced_end();
}
