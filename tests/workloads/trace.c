/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <stdint.h>
#include <string.h>

#include "board.h"
#include "heap.h"
#include "heap_observe.h"
#include "heap_trace.h"
#include "semihost.h"

/* From linker/sections.ld. */
extern const char __code_start[], __etext[];

static char path[200];
static int file = -1;
static bool failed;
static uint64_t memory[512];

static void to_file(void *ctx, const void *bytes, size_t n)
{
	(void)ctx;
	if (semihost_write(file, bytes, n) != 0)
		failed = true;
}

bool trace_begin(void)
{
	static struct heap_trace_setup setup = {
		.heap = &heap_default,
		.memory = memory,
		.size = sizeof(memory),
		.write = to_file,
		.code = __code_start,
	};
	const char *args = board_args();
	size_t n = strcspn(args, " ");

	if (n == 0)
		return true;
	if (n >= sizeof(path))
		return false;
	memcpy(path, args, n);
	file = semihost_open(path, SEMIHOST_WRITE);
	setup.code_size = (uintptr_t)__etext - (uintptr_t)__code_start;
	return file >= 0 && heap_trace_start(&setup) &&
	       heap_observe(&heap_default, &heap_trace_observer);
}

bool trace_end(void)
{
	if (file < 0)
		return true;
	heap_unobserve(&heap_default, &heap_trace_observer);
	heap_trace_stop();
	return semihost_close(file) == 0 && !failed;
}
