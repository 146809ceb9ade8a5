/* SPDX-License-Identifier: MIT */
/* The port behind malloc on the host; alone in its object, to be replaced. */
#include "heap_host.h"
#include "heap_linux.h"

#if HEAP_LINUX

const char heap_linux_is_default = 0;

const struct heap_port heap_port_default = {
	.sbrk = heap_linux_sbrk,
	.lock = heap_linux_lock,
	.unlock = heap_linux_unlock,
	.thread = heap_linux_thread,
	.seed = heap_linux_seed,
	.write = heap_linux_write,
	.fault = heap_linux_fault,
};

#else

const struct heap_port heap_port_default = {
	.sbrk = heap_host_sbrk,
	.lock = heap_host_lock,
	.unlock = heap_host_unlock,
	.write = heap_host_write,
	.fault = heap_host_fault,
};

#endif
