/* SPDX-License-Identifier: MIT */
/* The same, with interrupts masked. */
#define OURS_PORT OURS_LOCKED
#include "ours.h"
