/* SPDX-License-Identifier: MIT */
/* A program without a libc's malloc: a heap on memory of its own. */
#include "heap.h"

static char pool[1024];

int main(void)
{
	struct heap *h = heap_create(pool, sizeof(pool), NULL);

	return h != NULL && heap_alloc(h, 100) != NULL ? 7 : 1;
}
