/* SPDX-License-Identifier: MIT */
/* heap-debug.a: the price of its checks. */
#define OURS_PORT OURS_PLAIN
#include "ours.h"
