/* SPDX-License-Identifier: MIT */
/* heap-min.a through heap.h, without a libc and without a lock. */
#define OURS_PORT   OURS_PLAIN
#define OURS_NATIVE 1
#include "ours.h"
