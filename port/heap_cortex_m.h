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

/*
 * The same, but only for exceptions whose priority is the number below or a
 * higher one (BASEPRI): more urgent ones are never held off, and may not use
 * the heap.  The program defines the number, as it stands in the priority
 * registers; an RTOS calls it its highest system call priority.  Not 0, which
 * masks nothing.  ARMv7-M and the mainline of ARMv8-M only.
 *
 *	const uint8_t heap_cortex_m_basepri = 0x40;
 */
extern const uint8_t heap_cortex_m_basepri;
uintptr_t heap_cortex_m_basepri_lock(void *ctx);
void heap_cortex_m_basepri_unlock(void *ctx, uintptr_t state);

/*
 * True in exceptions that are more urgent than that, NMI and HardFault among
 * them: the in_isr that goes with it.
 */
bool heap_cortex_m_above_basepri(void *ctx);

/*
 * heap_cortex_m_lock, and a word that one core at a time can take (LDREX,
 * STREX): for cores that run one image and see the same memory.  One word for
 * all heaps.  A core that waits lets its interrupts in meanwhile.  in_isr is
 * heap_cortex_m_in_nmi.  Not on ARMv6-M.
 */
uintptr_t heap_cortex_m_spin_lock(void *ctx);
void heap_cortex_m_spin_unlock(void *ctx, uintptr_t state);

/* True in NMI and HardFault: the in_isr that goes with heap_cortex_m_lock. */
bool heap_cortex_m_in_nmi(void *ctx);

/* True in any exception: the in_isr that goes with a mutex. */
bool heap_cortex_m_in_isr(void *ctx);

/*
 * The `thread` where there is no RTOS: 0 in main, the number of the exception
 * in an interrupt, so that observers tell the two apart.
 */
uintptr_t heap_cortex_m_thread(void *ctx);

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
