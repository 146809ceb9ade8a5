/* SPDX-License-Identifier: MIT */
/* What port/README.md's main works on, and a port that writes; ends with 7. */
#include <stdlib.h>
#include <unistd.h>

#include "heap_port.h"

void work(void);

static void console(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	write(STDOUT_FILENO, bytes, n);
	_exit(7);
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.write = console,
};

void work(void)
{
	free(malloc(100));
}
