/* SPDX-License-Identifier: MIT */
/* A file of its own, so that a suite that has no use for it does not pay. */
#include "tap.h"

#ifndef TAP_ARENA
#error "compile the harness with -DTAP_ARENA=bytes: see the Makefile"
#endif

static _Alignas(16) unsigned char arena[TAP_ARENA];

void *tap_arena(size_t *n)
{
	*n = sizeof(arena);
	return arena;
}
