/* SPDX-License-Identifier: MIT */
/*
 * The port of heap_default in a kernel.  Alone in its object: define
 * heap_port_default yourself and this file stays in the archive.  It has no
 * write, for it knows no console: until you give it one, a fault halts in
 * heap_x86_64_fault without a word.
 */
#include "heap_x86_64.h"

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_x86_64_lock,
	.unlock = heap_x86_64_unlock,
	.fault = heap_x86_64_fault,
};
