/* SPDX-License-Identifier: MIT */
/* The smallest program that allocates: what it links is what malloc costs. */
#include <stdlib.h>

int main(void)
{
	char *p = malloc(10);

	p = realloc(p, 20);
	free(p);
	return 0;
}
