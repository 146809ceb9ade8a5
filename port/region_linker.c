/* SPDX-License-Identifier: MIT */
/*
 * The linker script's region.  Alone in its object, so that a program which
 * brings its own memory needs neither of the two symbols.
 */
#include "heap_port.h"

/* Addresses, not objects: see linker/README.md. */
extern char __heap_start[], __heap_end[];

struct heap_region heap_region_linker = {
	.start = __heap_start,
	.end = __heap_end,
};
