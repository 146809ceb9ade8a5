/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for a RISC-V hart in machine mode without an operating system, of
 * 32 or 64 bits.  Put the ones you want into your own struct heap_port.  All
 * ignore `ctx` and take a constant number of instructions, the fault callback
 * excepted.
 */
#ifndef HEAP_RISCV_H
#define HEAP_RISCV_H

#include "heap_port.h"

/*
 * A lock that masks the interrupts of this hart (mstatus.MIE), and gives the
 * mask back as it was: it may be taken with interrupts off.  Excludes the
 * threads and interrupts of this hart; not another hart, DMA, or a
 * non-maskable interrupt, in which no instruction tells that one runs: do not
 * allocate there.
 */
uintptr_t heap_riscv_lock(void *ctx);
void heap_riscv_unlock(void *ctx, uintptr_t state);

/*
 * Report through the write of heap_port_default, mask interrupts and stay:
 * a debugger finds the culprit on the stack, a watchdog resets the part.
 * Never returns.  For anything else, put your own function in its place.
 */
void heap_riscv_fault(void *ctx, const struct heap_fault *fault);

#endif
