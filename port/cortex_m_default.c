/* SPDX-License-Identifier: MIT */
/*
 * The port behind malloc on a bare Cortex-M.  Alone in its object: define
 * heap_port_default yourself and this file stays in the archive.  It has no
 * write, for it knows no console: a fault stops in heap_cortex_m_stop without
 * a word.  With a write of your own, heap_cortex_m_fault says what it was.
 */
#include "heap_cortex_m.h"

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.in_isr = heap_cortex_m_in_nmi,
	.thread = heap_cortex_m_thread,
	.fault = heap_cortex_m_stop,
};
