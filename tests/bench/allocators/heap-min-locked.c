/* SPDX-License-Identifier: MIT */
/* heap-min.a with interrupts masked. */
#define OURS_PORT OURS_LOCKED
#include "ours.h"
