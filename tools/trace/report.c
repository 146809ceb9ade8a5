/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
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

	if (bytes < 10240)
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
	if (seconds < 1e-3)
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

void report_summary(const struct history *history, const char *program)
{
	const struct trace *trace = history->trace;
	struct live live;

	printf("%s, trace of %s\n", trace->path, program);
	printf("  events  %zu in %s, %" PRIu64 " lost\n", trace->count,
	       time_text(history, (double)duration(history)), trace->lost);
	if (!trace->ended)
		printf("  end     not in the trace: it was cut short\n");
	if (trace->count != 0) {
		live_count(&live, history);
		printf("  peak    %" PRIu64 " bytes in %" PRIu64
		       " blocks, at %s\n",
		       live.bytes[live.peak], live.blocks[live.peak],
		       time_text(history,
				 (double)trace->events[live.peak].time));
		if (live.taken[trace->count - 1] != 0)
			printf("  taken   %" PRIu64
			       " bytes from the port at the end\n",
			       live.taken[trace->count - 1]);
		free(live.bytes);
		free(live.blocks);
		free(live.taken);
	}
	if (history->refused != 0)
		printf("  refused %" PRIu64 " requests\n", history->refused);
	if (history->unknown != 0)
		printf("  unknown %" PRIu64
		       " blocks ended that began before the trace, or in what "
		       "was lost\n",
		       history->unknown);
}

/* ---- misuse ------------------------------------------------------------------------ */

static const char *site_name(unsigned site)
{
	return program_site_at(site)->name;
}

static void print_ends(const struct block *b)
{
	printf("    allocated    %s\n", site_name(b->site));
	if (b->to != NEVER)
		printf("    %-12s %s\n", b->resized ? "resized" : "freed",
		       site_name(b->ended));
}

static const char *verb(const struct event *e)
{
	switch (e->kind) {
	case TRACE_BAD_FREE:
		return "freed";
	case TRACE_BAD_RESIZE:
		return "resized";
	default:
		return "met";
	}
}

static void print_title(const struct problem *p, const struct block *block,
			uint64_t old)
{
	switch (p->kind) {
	case DOUBLE_FREE:
		printf("%s of 0x%" PRIx64 ", %" PRIu64 " bytes\n",
		       p->event->kind == TRACE_BAD_RESIZE ? "realloc after free"
							  : "double free",
		       old, block->bytes);
		break;
	case DAMAGED:
		printf("damage at 0x%" PRIx64 ", %" PRIu64 " bytes\n", old,
		       block->bytes);
		break;
	case INSIDE:
		printf("pointer 0x%" PRIx64 " into a block, %" PRIu64
		       " behind its start\n",
		       old, old - block->mem);
		break;
	case UNKNOWN_BLOCK:
		printf("pointer 0x%" PRIx64 " to no block that the trace "
		       "knows\n",
		       old);
		break;
	}
}

/* The heap's words for it; the kinds are those of heap_port.h. */
static void print_fault(const struct history *history, const struct problem *p)
{
	static const char *const kinds[] = {
		"no fault",
		"misaligned pointer",
		"pointer outside of the heap",
		"double free or not a block",
		"header damaged or inside a block",
		"neighbour damaged by an overrun",
		"free list damaged",
		"broken invariant",
		"called where the lock does not reach",
	};
	const struct event *fault = p->fault;

	printf("    the heap     %s",
	       fault->number < sizeof(kinds) / sizeof(kinds[0])
		       ? kinds[fault->number]
		       : "unknown fault");
	if (fault->number2 != 0)
		printf(" (I%" PRIu64 ")", fault->number2);
	if (fault->chunk != 0)
		printf(", chunk 0x%" PRIx64, fault->chunk);
	putchar('\n');
	if (p->suspect != NEVER) {
		const struct block *b = &history->blocks[p->suspect];

		printf("    overrun      0x%" PRIx64 ", %" PRIu64
		       " bytes, allocated %s\n",
		       b->mem, b->bytes, site_name(b->site));
	}
}

size_t report_problems(const struct history *history)
{
	if (history->problem_count != 0)
		printf("\nmisuse: %zu\n", history->problem_count);
	for (size_t i = 0; i < history->problem_count; i++) {
		const struct problem *p = &history->problems[i];
		const struct block *block =
			p->block == NEVER ? NULL : &history->blocks[p->block];
		uint64_t old = p->event->kind == TRACE_FAULT ? p->event->mem
							     : p->event->old;

		printf("  ");
		print_title(p, block, old);
		if (block != NULL)
			print_ends(block);
		printf("    %s%-*s %s\n", verb(p->event),
		       12 - (int)strlen(verb(p->event)),
		       p->kind == DOUBLE_FREE ? " again" : "",
		       site_name(program_site(p->event->caller)));
		if (p->fault != NULL)
			print_fault(history, p);
	}
	return history->problem_count;
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
	uint64_t blocks = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		blocks += shares[i].blocks;
		bytes += shares[i].bytes;
	}
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
		       shares[i].blocks, site_name(shares[i].who));
	free(shares);
	return blocks;
}

static size_t peak_of(const struct history *history)
{
	struct live live;
	size_t peak;

	live_count(&live, history);
	peak = live.peak;
	free(live.bytes);
	free(live.blocks);
	free(live.taken);
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
			printf("%u\n", s->who);
		else
			printf("%s\n", site_name(s->who));
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
	bool any = false;

	for (size_t i = 0; i < history->count && !any; i++)
		any = history->blocks[i].tag != 0;
	if (!any)
		return;
	printf("\ntags, by bytes at the peak\n");
	print_shares(history, rows, tag_key, true);
}
