/* SPDX-License-Identifier: MIT */
/* Only libc allocates, with every libc; nothing is freed. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "witness.h"

int main(void)
{
	SHOW(inside(strdup("text")));
	SHOW(setenv("NAME", "value", 1) == 0);
	SHOW(inside(getenv("NAME")));
	return shown();
}
