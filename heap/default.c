/* SPDX-License-Identifier: MIT */
/* L4: the heap behind malloc.  Ready before any code has run. */
#include "state.h"

struct heap heap_default = {
	.port = &heap_port_default,
};
