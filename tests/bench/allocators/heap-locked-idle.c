/* SPDX-License-Identifier: MIT */
/* The same, with interrupts masked. */
#define OURS_PORT OURS_LOCKED
#define OURS_IDLE 1
#include "ours.h"
