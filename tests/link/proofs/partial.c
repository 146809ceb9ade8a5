/* SPDX-License-Identifier: MIT */
/* WRONG on purpose: brings malloc and free, and nothing else of the family. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(8) char memory[4096];
static size_t used;

__attribute__((noipa)) void *malloc(size_t n)
{
	void *p = memory + used;

	used += (n + 7) / 8 * 8;
	return used <= sizeof(memory) ? p : NULL;
}

__attribute__((noipa)) void free(void *p)
{
	(void)p;
}

int main(void)
{
	char *p = strdup("text");

	free(malloc(10));
	printf("%f\n", 0.5);
#ifdef GROW
	p = realloc(p, GROW);
#endif
	free(p);
	return 0;
}
