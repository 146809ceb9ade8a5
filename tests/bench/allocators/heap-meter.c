/* SPDX-License-Identifier: MIT */
/* heap.a, each locked section timed. */
#define OURS_PORT OURS_METER
#include "ours.h"
