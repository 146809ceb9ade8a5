/* SPDX-License-Identifier: MIT */
/* Masks interrupts until heap_set_locker; alone in its object, to be replaced. */
#include "heap_x86_64.h"
#include "heap_lock.h"

const struct heap_locker heap_locker_first = {
	.lock = heap_x86_64_lock,
	.unlock = heap_x86_64_unlock,
};
