/* SPDX-License-Identifier: MIT */
/* heap-min.a, each locked section timed. */
#define OURS_PORT OURS_METER
#include "ours.h"
