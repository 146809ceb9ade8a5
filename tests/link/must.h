/* SPDX-License-Identifier: MIT */
/* For firmware of this folder's scripts: what must hold, or it ends saying so. */
#ifndef MUST_H
#define MUST_H

#include <stdbool.h>

#include "board.h"

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	for (; *what != '\0'; what++)
		board_write(what, 1);
	board_write("\n", 1);
	board_exit(1);
}

#endif
