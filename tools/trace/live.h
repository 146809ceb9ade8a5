/* SPDX-License-Identifier: MIT */
/* How much was live when. */
#ifndef LIVE_H
#define LIVE_H

#include <stddef.h>
#include <stdint.h>

struct history;

struct live {
	uint64_t *bytes; /* live behind each event                          */
	uint64_t *taken; /* bytes of the port; 0 while none were seen to come */
	uint64_t *blocks;
	size_t peak; /* the event at which most bytes are live          */
};

void live_count(struct live *live, const struct history *history);
void live_free(struct live *live);

#endif
