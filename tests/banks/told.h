/* SPDX-License-Identifier: MIT */
/* What the programs here give their ports: a console, and faults end the run. */
#ifndef TOLD_H
#define TOLD_H

#include "board.h"
#include "heap_port.h"
#include "tap_io.h"

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

static void console(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	board_write(bytes, n);
}

static void told(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	board_exit(BOARD_STATUS_HEAP);
}

#endif
