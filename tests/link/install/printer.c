/* SPDX-License-Identifier: MIT */
/* A program that has no malloc of its own to ask for: only libc calls it. */
#include <stdio.h>
#include <string.h>

#include "heap.h"

int main(void)
{
	struct heap_stats stats;
	char *text = strdup("from libc");

	puts(text != NULL ? text : "no memory");
	heap_stats(&heap_default, &stats);
	return stats.used_chunks >= 1 ? 7 : 2;
}
