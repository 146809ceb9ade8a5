/* SPDX-License-Identifier: MIT */
#include "heap_cortex_m.h"

void heap_cortex_m_fault(void *ctx, const struct heap_fault *fault)
{
	heap_port_report(&heap_port_default, fault);
	heap_cortex_m_stop(ctx, fault);
}
