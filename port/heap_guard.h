/* SPDX-License-Identifier: MIT */
/*
 * Between the heap and the stack:
 *
 *	| heap ... | guard | . . . .    never used    . . . . | ... stack |
 *	           ^break                          ^region's end       ^where it
 *	                                           = stack's limit      starts
 *
 * - gap.c says how much was never used, on any processor;
 * - cortex_m_guard.c keeps a region of the MPU above the break, so that a write
 *   behind the last block is a fault there and then.
 */
#ifndef HEAP_GUARD_H
#define HEAP_GUARD_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- gap.c ------------------------------------------------------------- */

/* A heap's region, and the stack that grows down towards it, or elsewhere. */
struct heap_gap {
	const struct heap_region *region;
	char *low;  /* lowest byte kept for the stack: __stack_limit  */
	char *high; /* first byte behind it, where it starts: __stack */
};

struct heap_gap_sizes {
	size_t heap;  /* bytes from the break to the region's end           */
	size_t stack; /* bytes of the stack that were never used            */
	size_t used;  /* the most that the stack ever had; more than there  */
		      /* are, if it has grown into the heap's region        */
	size_t gap;   /* bytes from the break to the stack's deepest        */
};

/*
 * Paint all that neither the heap nor the stack uses now: once, early in main
 * or before it.  What is 128 bytes below the caller counts as used.  Cost: a
 * store a word.  Not while an interrupt allocates.
 */
void heap_gap_paint(const struct heap_gap *gap);

/*
 * Fill *out, by looking where the paint is still there: bytes that a function
 * reserved and never wrote to were not used.  Memory that the heap took and
 * trimmed has no paint any more, which matters only to a stack that has left
 * its own bytes.  Cost: a load a word.  Any context.
 */
void heap_gap_measure(const struct heap_gap *gap, struct heap_gap_sizes *out);

/*
 * Write that as one line through port->write; nothing when that is NULL:
 *
 *	heap: gap: 12912 bytes, 12288 of the heap and 624 of the stack; ...
 */
void heap_gap_report(const struct heap_port *port, const struct heap_gap *gap);

/* ---- cortex_m_guard.c ---------------------------------------------------- */

/*
 * A region of the MPU above a heap's break.  Constant-initialise the first
 * members; the port's `ctx` is its address, its sbrk heap_cortex_m_guard_sbrk.
 *
 * The guard starts at the first multiple of a granule that is not below the
 * break: up to a granule less one byte behind the break are not guarded.
 *
 *           granule             guarded                        traps
 * ARMv7-M   `size`, 32 or more  one granule                    reads, writes
 * ARMv8-M   32                  all up to the region's end     writes
 * M0+       `size`, 256 or more one granule                    (HardFault)
 *
 * Where the region has no whole granule left there is no guard.
 */
struct heap_guard {
	struct heap_region *region;
	unsigned number; /* of the MPU's region; nobody else's. Without an  */
			 /* RTOS: any                                       */
	/* The granule but on ARMv8-M: bytes, a power of two; 0: the least. */
	size_t size;
	/* Told of a hit: HEAP_FAULT_GUARD, mem the address, caller the pc. */
	const struct heap_port *port;
	/* heap_cortex_m_guard_set's own: zero. */
	uintptr_t start, end; /* what is guarded; equal: nothing            */
	struct heap_guard *next;
	bool known;
};

/*
 * Put the guard above its region's break.  False: there is no room for one, no
 * MPU, or not so many regions in it; no region of it is on then.
 *
 * Turns the MPU on, if it is off, with the default map for all else, and the
 * MemManage exception.  Interrupts are masked for some 20 instructions.  For an
 * sbrk of your own, behind the change; and at the start, if the guard is to be
 * there before the first malloc.
 */
bool heap_cortex_m_guard_set(struct heap_guard *guard);

/*
 * heap_region_sbrk over the region of a guard, which follows; `ctx` is a struct
 * heap_guard *.
 */
void *heap_cortex_m_guard_sbrk(void *ctx, ptrdiff_t increment);

/*
 * The address whose access was the MemManage fault that is being handled, when
 * a guard was hit; else NULL.
 */
const void *heap_cortex_m_guard_hit(const struct heap_guard **guard);

/*
 * A handler for MemManage, and for HardFault, which the other becomes while the
 * lock masks interrupts: tells the guard's port of the hit, then stops, as the
 * instruction cannot be let through.  Any other fault stops as well.
 *
 *	__attribute__((naked)) void MemManage_Handler(void)
 *	{
 *		__asm__("b heap_cortex_m_guard_handler");
 *	}
 */
void heap_cortex_m_guard_handler(void);

#ifdef __cplusplus
}
#endif

#endif
