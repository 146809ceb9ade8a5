/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "holes.h"
#include "live.h"
#include "program.h"
#include "refuse.h"
#include "report.h"
#include "trace.h"

#define TEXTS 4 /* that may be in use at a time */

static char *next_text(void)
{
	static char texts[TEXTS][32];
	static unsigned next;

	return texts[next++ % TEXTS];
}

const char *bytes_text(double bytes)
{
	char *text = next_text();

	if (bytes >= 1024 && bytes < 1048576 && fmod(bytes, 1024) == 0)
		snprintf(text, 32, "%.0f KiB", bytes / 1024);
	else if (bytes < 10240)
		snprintf(text, 32, "%.0f B", bytes);
	else if (bytes < 10240.0 * 1024)
		snprintf(text, 32, "%.1f KiB", bytes / 1024);
	else
		snprintf(text, 32, "%.1f MiB", bytes / 1048576);
	return text;
}

const char *time_text(const struct history *history, double units)
{
	const struct trace *trace = history->trace;
	char *text = next_text();
	double seconds;

	if (!trace->has_times) {
		snprintf(text, 32, "%.0f events", units);
		return text;
	}
	if (trace->hz == 0) {
		snprintf(text, 32, "%.0f units", units);
		return text;
	}
	seconds = units / (double)trace->hz;
	if (units == 0)
		snprintf(text, 32, "0");
	else if (seconds < 1e-3)
		snprintf(text, 32, "%.3g us", seconds * 1e6);
	else if (seconds < 1)
		snprintf(text, 32, "%.3g ms", seconds * 1e3);
	else
		snprintf(text, 32, "%.4g s", seconds);
	return text;
}

/* ---- how much ------------------------------------------------------------------ */

static uint64_t duration(const struct history *history)
{
	const struct trace *trace = history->trace;

	return trace->count == 0 ? 0 : trace->events[trace->count - 1].time;
}

/* At the peak: what is live, taken, and free in between. */
static void print_peak(const struct history *history)
{
	const struct trace *trace = history->trace;
	struct holes holes;
	struct live live;

	live_count(&live, history);
	holes_count(&holes, history, live.peak);
	printf("  peak    %" PRIu64 " bytes in %" PRIu64 " blocks, at %s\n",
	       live.bytes[live.peak], live.blocks[live.peak],
	       time_text(history, (double)trace->events[live.peak].time));
	if (live.taken[live.peak] != 0)
		printf("  taken   %" PRIu64 " bytes then, %" PRIu64
		       " of them free at the end\n",
		       live.taken[live.peak], holes.top);
	printf("  holes   %" PRIu64 " bytes then, in %" PRIu64 " holes%s",
	       holes.bytes, holes.count, holes.count == 0 ? "\n" : "");
	if (holes.count != 0)
		printf(", for up to %" PRIu64 " bytes\n", holes.largest);
	live_free(&live);
}

void report_summary(const struct history *history, const char *program)
{
	const struct trace *trace = history->trace;

	printf("%s, trace of %s\n", trace->path, program);
	printf("  events  %zu", trace->count);
	if (trace->has_times)
		printf(" in %s", time_text(history, (double)duration(history)));
	printf(", %" PRIu64 " lost\n", trace->lost);
	if (!trace->ended)
		printf("  end     not in the trace: it was cut short\n");
	if (trace->count != 0)
		print_peak(history);
	if (history->refused != 0)
		printf("  refused %" PRIu64 " requests\n", history->refused);
	if (history->unknown != 0)
		printf("  unknown %" PRIu64
		       " blocks ended that began before the trace, or in what "
		       "was lost\n",
		       history->unknown);
	if (history->unended != 0)
		printf("  unended %" PRIu64
		       " blocks whose place was given out again; their end was "
		       "lost\n",
		       history->unended);
}

/* ---- by site, by tag ------------------------------------------------------------------ */

/* What a site or tag has. */
struct share {
	unsigned who;
	uint64_t bytes, blocks;         /* at the moment that is looked at */
	uint64_t all_bytes, all_blocks; /* in the whole trace           */
	uint64_t most;                  /* the largest block               */
};

static int by_bytes(const void *a, const void *b)
{
	const struct share *one = a;
	const struct share *two = b;

	if (one->bytes != two->bytes)
		return one->bytes < two->bytes ? 1 : -1;
	if (one->all_bytes != two->all_bytes)
		return one->all_bytes < two->all_bytes ? 1 : -1;
	return one->who < two->who ? -1 : one->who > two->who;
}

static unsigned site_key(const struct block *b)
{
	return b->site;
}

static unsigned tag_key(const struct block *b)
{
	return b->tag;
}

/* Shares by key, the largest at event `at` first; how many. */
static size_t share_out(const struct history *history, size_t at,
			unsigned (*key)(const struct block *),
			struct share **out)
{
	unsigned most = 0;
	struct share *shares;

	for (size_t i = 0; i < history->count; i++)
		if (key(&history->blocks[i]) > most)
			most = key(&history->blocks[i]);
	if (most > history->count + 65536) /* tags may be any number */
		most = (unsigned)history->count + 65536;
	shares = need(calloc((size_t)most + 1, sizeof(*shares)));
	for (unsigned i = 0; i <= most; i++)
		shares[i].who = i;
	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];
		struct share *s = &shares[key(b) < most ? key(b) : most];

		s->all_blocks++;
		s->all_bytes += b->bytes;
		if (b->bytes > s->most)
			s->most = b->bytes;
		if (b->from <= at && (b->to == NEVER || b->to > at)) {
			s->bytes += b->bytes;
			s->blocks++;
		}
	}
	qsort(shares, (size_t)most + 1, sizeof(*shares), by_bytes);
	*out = shares;
	return (size_t)most + 1;
}

static bool is_empty(const struct share *s)
{
	return s->all_blocks == 0;
}

size_t report_leaks(const struct history *history, size_t rows)
{
	struct share *shares;
	size_t n = share_out(history, NEVER - 1, site_key, &shares);
	uint64_t refused = 0;
	uint64_t blocks = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		blocks += shares[i].blocks;
		bytes += shares[i].bytes;
	}
	for (size_t i = 0; i < history->count; i++)
		refused += history->blocks[i].to == NEVER &&
			   history->blocks[i].refused;
	if (blocks == 0) {
		printf("\nno leaks: nothing is live at the end\n");
		free(shares);
		return 0;
	}
	printf("\nlive at the end: %" PRIu64 " bytes in %" PRIu64 " blocks\n",
	       bytes, blocks);
	printf("%10s %8s  allocated at\n", "bytes", "blocks");
	for (size_t i = 0; i < n && i < rows && shares[i].blocks != 0; i++)
		printf("%10" PRIu64 " %8" PRIu64 "  %s\n", shares[i].bytes,
		       shares[i].blocks, program_site_name(shares[i].who));
	if (refused != 0)
		printf("of these, %" PRIu64
		       " were passed to free or realloc and "
		       "refused: see misuse\n",
		       refused);
	free(shares);
	return blocks;
}

static size_t peak_of(const struct history *history)
{
	struct live live;
	size_t peak;

	live_count(&live, history);
	peak = live.peak;
	live_free(&live);
	return peak;
}

static void print_shares(const struct history *history, size_t rows,
			 unsigned (*key)(const struct block *), bool tags)
{
	struct share *shares;
	size_t n = share_out(history, peak_of(history), key, &shares);

	printf("%10s %8s %12s %8s %8s  %s\n", "at peak", "blocks", "in all",
	       "blocks", "largest", tags ? "tag" : "allocated at");
	for (size_t i = 0; i < n && rows != 0; i++) {
		const struct share *s = &shares[i];

		if (is_empty(s))
			continue;
		rows--;
		printf("%10" PRIu64 " %8" PRIu64 " %12" PRIu64 " %8" PRIu64
		       " %8" PRIu64 "  ",
		       s->bytes, s->blocks, s->all_bytes, s->all_blocks,
		       s->most);
		if (tags)
			printf("%s\n", program_tag_name(s->who));
		else
			printf("%s\n", program_site_name(s->who));
	}
	free(shares);
}

void report_sites(const struct history *history, size_t rows)
{
	printf("\nallocators, by bytes at the peak\n");
	print_shares(history, rows, site_key, false);
}

void report_tags(const struct history *history, size_t rows)
{
	if (!history->has_tags)
		return;
	printf("\ntags, by bytes at the peak\n");
	print_shares(history, rows, tag_key, true);
}
