/* SPDX-License-Identifier: MIT */
/* Calls what PACKAGE.md shows. */
#include <stddef.h>

void *example(void);

int main(void)
{
	return example() != NULL ? 7 : 1;
}
