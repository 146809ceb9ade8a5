/* SPDX-License-Identifier: MIT */
#include "heap_port.h"

void heap_port_continue(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
}
