/* SPDX-License-Identifier: MIT */
/* Brings its own sbrk: the heap grows through it and nowhere else. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

#ifdef __PICOLIBC__
#define OWN_SBRK sbrk
#else
#define OWN_SBRK _sbrk
#endif

static _Alignas(8) char memory[16384];
static size_t used;

void *OWN_SBRK(ptrdiff_t increment);

__attribute__((used)) void *OWN_SBRK(ptrdiff_t increment)
{
	void *old = memory + used;

	if (increment > 0 && (size_t)increment > sizeof(memory) - used)
		return (void *)-1;
	used = (size_t)((ptrdiff_t)used + increment);
	return old;
}

static bool mine(const void *p)
{
	uintptr_t at = (uintptr_t)p;

	return at > (uintptr_t)memory && at < (uintptr_t)memory + used;
}

int main(void)
{
	char *copy = strdup("text");
	void *p = malloc(1000);

	printf("%f\n", 0.5);
	SHOW(mine(p) && mine(copy));
#ifndef __PICOLIBC__
	SHOW(mine(stdout->_bf._base));
#endif
	SHOW(malloc(sizeof(memory)) == NULL);
	free(copy);
	free(p);
	return shown();
}
