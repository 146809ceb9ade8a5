/* SPDX-License-Identifier: MIT */
/*
 * The port behind malloc on a bare RISC-V hart.  Alone in its object: define
 * heap_port_default yourself and this file stays in the archive.  It has no
 * write, for it knows no console: until you give it one, a fault stops in
 * heap_riscv_fault without a word.
 */
#include "heap_riscv.h"

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_riscv_lock,
	.unlock = heap_riscv_unlock,
	.fault = heap_riscv_fault,
};
