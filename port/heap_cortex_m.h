/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for a Cortex-M without an operating system, of any generation.
 * Put the ones you want into your own struct heap_port.  All ignore `ctx` and
 * take a constant number of instructions, the fault callback excepted.
 */
#ifndef HEAP_CORTEX_M_H
#define HEAP_CORTEX_M_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A lock that masks every interrupt of configurable priority (PRIMASK), and
 * gives the mask back as it was: it may be taken with interrupts off.
 * Excludes threads and interrupts of this core; not NMI, HardFault, another
 * core or DMA.
 */
uintptr_t heap_cortex_m_lock(void *ctx);
void heap_cortex_m_unlock(void *ctx, uintptr_t state);

/* True in NMI and HardFault: the in_isr that goes with the lock above. */
bool heap_cortex_m_in_nmi(void *ctx);

/* True in any exception: the in_isr that goes with a mutex. */
bool heap_cortex_m_in_isr(void *ctx);

/*
 * Mask interrupts and stay: a debugger finds the fault in the arguments, a
 * watchdog resets the part.  Never returns.
 */
void heap_cortex_m_stop(void *ctx, const struct heap_fault *fault);

/*
 * Report through the write of heap_port_default, then heap_cortex_m_stop.
 * Never returns.  For anything else, put your own function in its place.
 * Price: 900 to 1300 bytes of code and text.
 */
void heap_cortex_m_fault(void *ctx, const struct heap_fault *fault);

/* The same, then reset the part (SYSRESETREQ).  Never returns. */
void heap_cortex_m_reset(void *ctx, const struct heap_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
