/* SPDX-License-Identifier: MIT */
/* heap.a with the port that is in it: what linking it and no more gives. */
#define OURS_PORT OURS_STOCK
#include "ours.h"
