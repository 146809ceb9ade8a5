/* SPDX-License-Identifier: MIT */
/* L4: the heap behind malloc.  Ready before any code has run. */
#include "state.h"

#if HEAP_CHECK != 0
/* The classic hooks, in a program that sets one. */
extern const struct heap_layer heap_libc_hooks __attribute__((weak));
#endif

struct heap heap_default = {
	.bins.lo = BINS_NOWHERE(&heap_default),
	.port = &heap_port_default,
#if HEAP_CHECK != 0
	.port_copy = &heap_port_default,
	.layer = &heap_libc_hooks,
	.layer_copy = &heap_libc_hooks,
#endif
};
