/* SPDX-License-Identifier: MIT */
/* A program's own port: memory of its own, no lock. */
#include "heap_port.h"

extern char port_memory[], port_memory_end[];

/* One object, so that its end has a name too. */
__asm__(".section .bss.port_memory, \"aw\", %nobits\n"
	".balign 8\n"
	".global port_memory, port_memory_end\n"
	"port_memory:\n"
	".space 16384\n"
	"port_memory_end:\n"
	".text\n");

static struct heap_region region = {
	.start = port_memory,
	.end = port_memory_end,
};

const struct heap_port heap_port_default = {
	.ctx = &region,
	.sbrk = heap_region_sbrk,
};
