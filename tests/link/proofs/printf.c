/* SPDX-License-Identifier: MIT */
/* Calls nothing of malloc's family: only libc itself allocates. */
#include <stdio.h>

#include "witness.h"

int main(void)
{
	volatile double third = 1.0 / 3;

	printf("%f\n", third);
#ifndef __PICOLIBC__
	SHOW(inside(stdout->_bf._base));
#endif
	return shown();
}
