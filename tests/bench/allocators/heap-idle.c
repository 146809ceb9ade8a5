/* SPDX-License-Identifier: MIT */
/* heap.a with observers that nobody uses. */
#define OURS_PORT OURS_PLAIN
#define OURS_IDLE 1
#include "ours.h"
