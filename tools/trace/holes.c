/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "blocks.h"
#include "holes.h"
#include "refuse.h"
#include "trace.h"

struct range {
	uint64_t from, to;
};

static int by_start(const void *a, const void *b)
{
	const struct range *one = a;
	const struct range *two = b;

	return one->from < two->from ? -1 : one->from > two->from;
}

/*
 * The chunk around a block: heap/README.md has the drawing.  `behind` are the
 * bytes that accounts keep there: heap_tags.h.
 */
static struct range chunk_of(const struct block *b, uint64_t word,
			     uint64_t behind)
{
	uint64_t size =
		(b->bytes + behind + word + 2 * word - 1) & ~(2 * word - 1);

	if (size < 2 * word)
		size = 2 * word;
	return (struct range){b->mem - word, b->mem - word + size};
}

static size_t live_chunks(const struct history *history, size_t at,
			  struct range *chunks)
{
	uint64_t word = history->trace->word / 8;
	size_t n = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];

		if (b->from <= at && (b->to == NEVER || b->to > at))
			chunks[n++] = chunk_of(
				b, word, history->has_tags ? 2 * word : 0);
	}
	qsort(chunks, n, sizeof(*chunks), by_start);
	return n;
}

/* What the heap had taken, joined where it adjoins. */
static size_t taken_ranges(const struct history *history, size_t at,
			   struct range *ranges)
{
	const struct event *events = history->trace->events;
	size_t n = 0;

	for (size_t i = 0; i <= at && i < history->trace->count; i++) {
		const struct event *e = &events[i];

		if (e->kind == TRACE_TRIMMED && n != 0)
			ranges[n - 1].to = e->mem;
		if (e->kind != TRACE_GROWN)
			continue;
		if (n != 0 && ranges[n - 1].to == e->mem - e->bytes)
			ranges[n - 1].to = e->mem;
		else
			ranges[n++] = (struct range){e->mem - e->bytes, e->mem};
	}
	qsort(ranges, n, sizeof(*ranges), by_start);
	return n;
}

static void add_hole(struct holes *holes, uint64_t bytes, uint64_t word)
{
	if (bytes < 2 * word)
		return;
	holes->count++;
	holes->bytes += bytes;
	if (bytes - word > holes->largest)
		holes->largest = bytes - word;
}

void holes_count(struct holes *holes, const struct history *history, size_t at)
{
	uint64_t word = history->trace->word / 8;
	struct range *chunks =
		need(calloc(history->count + 1, sizeof(*chunks)));
	struct range *taken =
		need(calloc(history->trace->count + 1, sizeof(*taken)));
	size_t n = live_chunks(history, at, chunks);
	size_t areas = taken_ranges(history, at, taken);
	size_t area = 0;

	*holes = (struct holes){0};
	for (size_t i = 0; i < n; i++) {
		uint64_t limit = UINT64_MAX;
		uint64_t end = chunks[i].to;

		while (area < areas && taken[area].to <= chunks[i].from)
			area++;
		if (area < areas && taken[area].from <= chunks[i].from)
			limit = taken[area].to;
		if (i + 1 < n && chunks[i + 1].from < limit) {
			if (chunks[i + 1].from > end)
				add_hole(holes, chunks[i + 1].from - end, word);
		} else if (limit != UINT64_MAX && limit > end) {
			holes->top += limit - end;
		}
	}
	free(chunks);
	free(taken);
}
