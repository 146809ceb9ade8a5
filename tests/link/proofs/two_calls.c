/* SPDX-License-Identifier: MIT */
/* malloc and free, and no other name of the family. */
#include <stdlib.h>

#include "witness.h"

int main(void)
{
	void *p = malloc(10);

	SHOW(inside(p));
	free(p);
	return shown();
}
