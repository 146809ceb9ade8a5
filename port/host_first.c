/* SPDX-License-Identifier: MIT */
/* Spins and yields until heap_set_locker; alone in its object, to be replaced. */
#include "heap_host.h"
#include "heap_lock.h"

const struct heap_locker heap_locker_first = {
	.lock = heap_host_lock,
	.unlock = heap_host_unlock,
};
