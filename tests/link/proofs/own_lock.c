/* SPDX-License-Identifier: MIT */
/* Brings the lock glue that newlib's own malloc wants. */
#include <stdio.h>
#include <stdlib.h>

#include "witness.h"

struct _reent;

static int depth;

void __malloc_lock(struct _reent *r);
void __malloc_unlock(struct _reent *r);

__attribute__((used)) void __malloc_lock(struct _reent *r)
{
	(void)r;
	depth++;
}

__attribute__((used)) void __malloc_unlock(struct _reent *r)
{
	(void)r;
	depth--;
}

int main(void)
{
	void *p = malloc(100);

	printf("%f\n", 0.5);
	SHOW(inside(p));
	free(p);
	SHOW(depth == 0);
	return shown();
}
