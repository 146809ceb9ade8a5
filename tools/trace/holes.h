/* SPDX-License-Identifier: MIT */
/* Fragmentation in numbers: what is free between blocks. */
#ifndef HOLES_H
#define HOLES_H

#include <stddef.h>
#include <stdint.h>

struct history;

struct holes {
	uint64_t count;
	uint64_t bytes;   /* in all of them                             */
	uint64_t largest; /* what malloc could serve from one, headers off */
	uint64_t top;     /* free behind the last block of each area    */
};

/*
 * The holes behind event `at`, from the blocks' sizes and the heap's rounding;
 * `top` is 0 where the trace does not know what the heap has taken.
 */
void holes_count(struct holes *holes, const struct history *history, size_t at);

#endif
