/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "blocks.h"
#include "live.h"
#include "refuse.h"
#include "trace.h"

static void add_blocks(struct live *live, const struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];

		/* Differences first; they may wrap. */
		live->bytes[b->from] += b->bytes;
		live->blocks[b->from]++;
		if (b->to != NEVER) {
			live->bytes[b->to] -= b->bytes;
			live->blocks[b->to]--;
		}
	}
}

void live_count(struct live *live, const struct history *history)
{
	const struct trace *trace = history->trace;
	uint64_t bytes = 0;
	uint64_t blocks = 0;
	uint64_t taken = 0;

	live->bytes = need(calloc(trace->count + 1, sizeof(uint64_t)));
	live->blocks = need(calloc(trace->count + 1, sizeof(uint64_t)));
	live->taken = need(calloc(trace->count + 1, sizeof(uint64_t)));
	live->peak = 0;
	add_blocks(live, history);
	for (size_t i = 0; i < trace->count; i++) {
		const struct event *e = &trace->events[i];

		live->bytes[i] = bytes += live->bytes[i];
		live->blocks[i] = blocks += live->blocks[i];
		if (e->kind == TRACE_GROWN)
			taken += e->bytes;
		else if (e->kind == TRACE_TRIMMED)
			taken -= e->bytes < taken ? e->bytes : taken;
		live->taken[i] = taken;
		if (bytes > live->bytes[live->peak])
			live->peak = i;
	}
}

void live_free(struct live *live)
{
	free(live->bytes);
	free(live->blocks);
	free(live->taken);
}
