/* SPDX-License-Identifier: MIT */
/* Masks interrupts until heap_set_locker; alone in its object, to be replaced. */
#include "heap_cortex_m.h"
#include "heap_lock.h"

const struct heap_locker heap_locker_first = {
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.in_isr = heap_cortex_m_in_nmi,
	.thread = heap_cortex_m_thread,
};
