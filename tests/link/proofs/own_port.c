/* SPDX-License-Identifier: MIT */
/* The program whose port is in port.c. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

extern char port_memory[], port_memory_end[];

static bool mine(const void *p)
{
	return (uintptr_t)p > (uintptr_t)port_memory &&
	       (uintptr_t)p < (uintptr_t)port_memory_end;
}

int main(void)
{
	char *copy = strdup("text");

	printf("%f\n", 0.5);
	SHOW(mine(copy));
#ifndef __PICOLIBC__
	SHOW(mine(stdout->_bf._base));
#endif
	free(copy);
	return shown();
}
