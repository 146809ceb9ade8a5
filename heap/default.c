/* SPDX-License-Identifier: MIT */
/* L4: the heap behind malloc.  Ready before any code has run. */
#include "state.h"

/* The malloc family's errno; absent without it. */
__attribute__((weak)) void heap_libc_exhausted(void);
__attribute__((weak)) int *heap_libc_error(void);

#if HEAP_CHECK != 0
/* The classic hooks, in a program that sets one. */
extern const struct heap_layer heap_libc_hooks __attribute__((weak));
#endif

struct heap heap_default = {
	.port = &heap_port_default,
	.exhausted = heap_libc_exhausted,
	.error = heap_libc_error,
#if HEAP_CHECK != 0
	.layer = &heap_libc_hooks,
#endif
};
