/* SPDX-License-Identifier: MIT */
/* heap.a, without a lock. */
#define OURS_PORT OURS_PLAIN
#include "ours.h"
