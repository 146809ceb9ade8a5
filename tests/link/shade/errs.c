/* SPDX-License-Identifier: MIT */
/* A program on our heap that errs as its argument says, or does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#ifdef WITH_MALLOC
#define NEW(n)       malloc(n)
#define RESIZE(p, n) realloc(p, n)
#define DELETE(p)    free(p)
#else
#define NEW(n)       heap_alloc(&heap_default, n)
#define RESIZE(p, n) heap_resize(&heap_default, p, n)
#define DELETE(p)    heap_free(&heap_default, p)
#endif

/* All sizes; nothing is wrong here. */
static int is_sound(void)
{
	char *block[64];

	for (size_t n = 0; n < 64; n++) {
		block[n] = NEW(n);
		memset(block[n], 'a', n);
	}
	for (size_t n = 0; n < 64; n += 2) {
		block[n] = RESIZE(block[n], n + 100);
		memset(block[n], 'b', n + 100);
		block[n] = RESIZE(block[n], n + 1);
		block[n][n] = 'c';
	}
	for (size_t n = 0; n < 64; n++)
		DELETE(block[n]);
	return heap_check(&heap_default, NULL) != HEAP_OK;
}

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "";
	volatile char *p = NEW(13), *q = NEW(13);
	volatile char *r;
	volatile char sum = 0;

	for (int i = 0; i < 13; i++)
		q[i] = p[i] = 'x';
	fflush(stdout);
	if (strcmp(how, "write-behind") == 0)
		p[13] = 1;
	else if (strcmp(how, "read-behind") == 0)
		sum = p[13];
	else if (strcmp(how, "write-before") == 0)
		p[-1] = 1;
	else if (strcmp(how, "write-after-resize") == 0)
		r = RESIZE((void *)p, 9), r[9] = 1;
	else if (strcmp(how, "write-stale") == 0)
		r = RESIZE((void *)p, 500), p[0] = r[0];
	else if (strcmp(how, "read-freed") == 0)
		DELETE((void *)p), sum = p[5];
	else if (strcmp(how, "write-freed") == 0)
		DELETE((void *)p), p[5] = 1;
	else if (strcmp(how, "") == 0)
		return is_sound();
	return sum == 'y';
}
