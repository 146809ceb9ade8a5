/* SPDX-License-Identifier: MIT */
/* Masks interrupts until heap_set_locker; alone in its object, to be replaced. */
#include "heap_riscv.h"
#include "heap_lock.h"

const struct heap_locker heap_locker_first = {
	.lock = heap_riscv_lock,
	.unlock = heap_riscv_unlock,
};
