/* SPDX-License-Identifier: MIT */
/* heap-min.a, without a lock. */
#define OURS_PORT OURS_PLAIN
#include "ours.h"
