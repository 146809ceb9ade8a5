/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for a kernel in long mode on one x86-64 processor.  Put the ones
 * you want into your own struct heap_port.  All ignore `ctx` and take a
 * constant number of instructions, the fault callback excepted.
 */
#ifndef HEAP_X86_64_H
#define HEAP_X86_64_H

#include "heap_port.h"

/*
 * A lock that masks the interrupts of this processor (RFLAGS.IF), and gives
 * the mask back as it was: it may be taken with interrupts off.  Excludes the
 * threads and interrupts of this processor; not another processor, nor NMI
 * and machine check, in which no flag tells that one runs: do not allocate
 * there.
 */
uintptr_t heap_x86_64_lock(void *ctx);
void heap_x86_64_unlock(void *ctx, uintptr_t state);

/*
 * Report through the write of heap_port_default, mask interrupts and halt.
 * Never returns.  For anything else, put your own function in its place.
 */
void heap_x86_64_fault(void *ctx, const struct heap_fault *fault);

#endif
