/* SPDX-License-Identifier: MIT */
/*
 * The port behind malloc on these boards: as on any bare machine, and a
 * fault is reported on the console and ends the run.  Weak, so that a program
 * may define its own and still be linked with this file.
 */
#include "board.h"

#if defined __riscv
#include "heap_riscv.h"
#define LOCK .lock = heap_riscv_lock, .unlock = heap_riscv_unlock
#elif defined __x86_64__
#include "heap_x86_64.h"
#define LOCK .lock = heap_x86_64_lock, .unlock = heap_x86_64_unlock
#else
#include "heap_cortex_m.h"
#define LOCK                                                                   \
	.lock = heap_cortex_m_lock, .unlock = heap_cortex_m_unlock,            \
	.in_isr = heap_cortex_m_in_nmi
#endif

static void console_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	board_write(bytes, n);
}

static void report_and_exit(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	board_exit(BOARD_STATUS_HEAP);
}

__attribute__((weak)) const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	LOCK,
	.write = console_write,
	.fault = report_and_exit,
};
