/* SPDX-License-Identifier: MIT */
/* heap.a with interrupts masked. */
#define OURS_PORT OURS_LOCKED
#include "ours.h"
