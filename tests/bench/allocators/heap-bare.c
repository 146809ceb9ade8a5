/* SPDX-License-Identifier: MIT */
/* heap.a as if there were no observers, hooks and accounts. */
#define OURS_PORT OURS_PLAIN
#include "ours.h"
