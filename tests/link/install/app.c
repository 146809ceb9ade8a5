/* SPDX-License-Identifier: MIT */
/* A user's program: its own malloc, libc's, and what only our heap knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

int main(void)
{
	struct heap_stats stats;
	char *mine = malloc(40);
	char *libcs = strdup("from libc");

	if (mine == NULL || libcs == NULL)
		return 1;
	strcpy(mine, "from main");
	heap_stats(&heap_default, &stats);
	printf("%s, %s: %s\n", mine, libcs,
	       stats.used_chunks >= 2 ? "one heap" : "two heaps");
	free(libcs);
	free(mine);
	return stats.used_chunks >= 2 ? 7 : 2;
}
