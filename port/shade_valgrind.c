/* SPDX-License-Identifier: MIT */
#include <valgrind/memcheck.h>

#include "heap_shade.h"

uintptr_t heap_shade_lock(void *ctx)
{
	uintptr_t state = heap_host_lock(ctx);

	VALGRIND_DISABLE_ERROR_REPORTING;
	return state;
}

void heap_shade_unlock(void *ctx, uintptr_t state)
{
	VALGRIND_ENABLE_ERROR_REPORTING;
	heap_host_unlock(ctx, state);
}

void heap_shade_valgrind(void *ctx, enum heap_shade what, const void *mem,
			 size_t n, size_t was)
{
	(void)ctx;
	switch (what) {
	case HEAP_SHADE_TAKEN:
		VALGRIND_MAKE_MEM_NOACCESS(mem, n);
		break;
	case HEAP_SHADE_BORN:
		VALGRIND_MALLOCLIKE_BLOCK(mem, n, 0, 0);
		break;
	case HEAP_SHADE_RESIZED:
		VALGRIND_RESIZEINPLACE_BLOCK(mem, was, n, 0);
		break;
	case HEAP_SHADE_DEAD:
		VALGRIND_FREELIKE_BLOCK(mem, 0);
		break;
	case HEAP_SHADE_GONE:
		VALGRIND_MAKE_MEM_UNDEFINED(mem, n);
		break;
	}
}

const struct heap_port heap_port_default = {
	.sbrk = heap_host_sbrk,
	.lock = heap_shade_lock,
	.unlock = heap_shade_unlock,
	.write = heap_host_write,
	.fault = heap_host_fault,
	.shade = heap_shade_valgrind,
};
