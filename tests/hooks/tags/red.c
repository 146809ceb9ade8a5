/* SPDX-License-Identifier: MIT */
/* A library that knows nothing of tags. */
#include <stdlib.h>
#include <string.h>

char *red_work(void);

char *red_work(void)
{
	char *p = malloc(100), *q = realloc(p, 300);

	free(malloc(1000));
	return strcpy(q, "red");
}
