/* SPDX-License-Identifier: MIT */
/* The port behind malloc on the host; alone in its object, to be replaced. */
#include "heap_host.h"

const struct heap_port heap_port_default = {
	.sbrk = heap_host_sbrk,
	.lock = heap_host_lock,
	.unlock = heap_host_unlock,
	.write = heap_host_write,
	.fault = heap_host_fault,
};
