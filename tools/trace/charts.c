/* SPDX-License-Identifier: MIT */
/* The charts of the report, in text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "live.h"
#include "report.h"
#include "trace.h"

#define ROWS    16 /* of live bytes over time   */
#define CLASSES 64 /* powers of two             */
#define BAR     40 /* characters of the longest */

static void bar(uint64_t value, uint64_t most)
{
	size_t n = most == 0 ? 0 : (size_t)((value * BAR + most - 1) / most);

	putchar(' ');
	for (size_t i = 0; i < n; i++)
		putchar('#');
	putchar('\n');
}

void report_live(const struct history *history)
{
	const struct trace *trace = history->trace;
	uint64_t end;
	size_t at = 0;
	struct live live;

	if (trace->count == 0)
		return;
	live_count(&live, history);
	end = trace->events[trace->count - 1].time + 1;
	printf("\nlive over time, the most in each %s\n",
	       time_text(history, (double)end / ROWS));
	printf("%12s %10s %8s\n", "from", "bytes", "blocks");
	for (uint64_t row = 0; row < ROWS; row++) {
		/* What was live when the row began counts too. */
		size_t most = at == 0 ? 0 : at - 1;

		for (; at < trace->count &&
		       (double)trace->events[at].time <
			       (double)end / ROWS * (double)(row + 1);
		     at++)
			if (live.bytes[at] > live.bytes[most])
				most = at;
		printf("%12s %10" PRIu64 " %8" PRIu64,
		       time_text(history, (double)end / ROWS * (double)row),
		       live.bytes[most], live.blocks[most]);
		bar(live.bytes[most], live.bytes[live.peak]);
	}
	live_free(&live);
}

/* The class of a value: 0, 1, 2 to 3, 4 to 7, ... */
static unsigned class_of(uint64_t value)
{
	unsigned class = 0;

	while (value != 0) {
		class ++;
		value >>= 1;
	}
	return class < CLASSES ? class : CLASSES - 1;
}

static double class_start(unsigned class)
{
	return class == 0 ? 0 : (double)(UINT64_C(1) << (class - 1));
}

/* Rows from the first class that is not empty to the last. */
static void print_classes(const struct history *history,
			  const uint64_t counts[CLASSES], bool times)
{
	unsigned first = CLASSES;
	unsigned last = 0;
	uint64_t most = 0;

	for (unsigned i = 0; i < CLASSES; i++) {
		if (counts[i] == 0)
			continue;
		if (first == CLASSES)
			first = i;
		last = i;
		if (counts[i] > most)
			most = counts[i];
	}
	for (unsigned i = first; i <= last && first != CLASSES; i++) {
		double from = class_start(i);

		printf("%12s %8" PRIu64,
		       times ? time_text(history, from) : bytes_text(from),
		       counts[i]);
		bar(counts[i], most);
	}
}

void report_sizes(const struct history *history)
{
	uint64_t counts[CLASSES] = {0};

	for (size_t i = 0; i < history->count; i++)
		counts[class_of(history->blocks[i].bytes)]++;
	printf("\nsizes asked for, and from there to the next row's\n");
	printf("%12s %8s\n", "from", "blocks");
	print_classes(history, counts, false);
}

void report_lifetimes(const struct history *history)
{
	const struct event *events = history->trace->events;
	uint64_t counts[CLASSES] = {0};
	uint64_t forever = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];

		if (b->to == NEVER)
			forever++;
		else if (!b->resized)
			counts[class_of(events[b->to].time -
					events[b->began].time)]++;
	}
	printf("\nlifetimes, from the first malloc to free, and from there to "
	       "the next row's\n");
	printf("%12s %8s\n", "from", "blocks");
	print_classes(history, counts, true);
	if (forever != 0)
		printf("%12s %8" PRIu64 "\n", "to the end", forever);
}
