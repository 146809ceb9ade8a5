/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "export.h"
#include "program.h"
#include "refuse.h"
#include "trace.h"

/* What the bench's firmware has room for. */
#define BENCH_SIZE_MAX 65535
#define BENCH_LIVE_MAX 16384

static FILE *create(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		refuse(path, "cannot be written: %s", strerror(errno));
	return file;
}

static void finish(FILE *file, const char *path)
{
	if (ferror(file) || fclose(file) != 0)
		refuse(path, "cannot be written: %s", strerror(errno));
}

/*
 * For each event the block that it begins and the one that it ends, NEVER where
 * there is none.
 */
struct ends {
	size_t *begins, *ends;
};

static struct ends ends_of(const struct history *history)
{
	size_t n = history->trace->count + 1;
	struct ends at = {need(malloc(n * sizeof(size_t))),
			  need(malloc(n * sizeof(size_t)))};

	memset(at.begins, 0xff, n * sizeof(size_t));
	memset(at.ends, 0xff, n * sizeof(size_t));
	for (size_t i = 0; i < history->count; i++) {
		at.begins[history->blocks[i].from] = i;
		if (history->blocks[i].to != NEVER)
			at.ends[history->blocks[i].to] = i;
	}
	return at;
}

static void ends_free(struct ends *at)
{
	free(at->begins);
	free(at->ends);
}

/* ---- the bench --------------------------------------------------------------------- */

/* A name for each life of a block, small numbers again when they are free. */
struct names {
	size_t *of; /* by the block's number */
	size_t *unused;
	size_t unused_count, count;
};

static size_t name_new(struct names *names)
{
	return names->unused_count != 0 ? names->unused[--names->unused_count]
					: names->count++;
}

void export_bench(const struct history *history, const char *path)
{
	size_t room = (history->count + 1) * sizeof(size_t);
	struct names names = {.of = need(malloc(room)),
			      .unused = need(malloc(room))};
	struct ends at = ends_of(history);
	FILE *file = create(path);
	uint64_t largest = 0;

	for (size_t i = 0; i < history->trace->count; i++) {
		size_t old = at.ends[i];
		size_t new = at.begins[i];

		if (new != NEVER && history->blocks[new].bytes > largest)
			largest = history->blocks[new].bytes;
		if (old != NEVER && new != NEVER) {
			names.of[new] = names.of[old];
			fprintf(file, "r %zu %" PRIu64 "\n", names.of[new],
				history->blocks[new].bytes);
		} else if (new != NEVER) {
			names.of[new] = name_new(&names);
			fprintf(file, "a %zu %" PRIu64 "\n", names.of[new],
				history->blocks[new].bytes);
		} else if (old != NEVER) {
			fprintf(file, "f %zu\n", names.of[old]);
			names.unused[names.unused_count++] = names.of[old];
		}
	}
	finish(file, path);
	if (largest > BENCH_SIZE_MAX || names.count > BENCH_LIVE_MAX)
		fprintf(stderr,
			"heap-trace: %s: up to %zu blocks are live and the "
			"largest has %" PRIu64 " bytes; the bench takes %d and "
			"%d\n",
			path, names.count, largest, BENCH_LIVE_MAX,
			BENCH_SIZE_MAX);
	ends_free(&at);
	free(names.of);
	free(names.unused);
}

/* ---- mtrace ---------------------------------------------------------------------------- */

static void mtrace_line(FILE *file, const struct event *e, const char *sign,
			uint64_t mem)
{
	fprintf(file, "@ [0x%" PRIx64 "] %s 0x%" PRIx64,
		program_address(e->caller), sign, mem);
}

static void mtrace_event(FILE *file, const struct event *e)
{
	switch (e->kind) {
	case TRACE_ALLOC:
	case TRACE_ALIGNED:
		mtrace_line(file, e, "+", e->mem);
		fprintf(file, " %#" PRIx64 "\n", e->bytes);
		break;
	case TRACE_FREE:
	case TRACE_BAD_FREE:
		mtrace_line(file, e, "-", e->old);
		fputc('\n', file);
		break;
	case TRACE_RESIZED:
		if (e->mem == 0) {
			mtrace_line(file, e, "!", e->old);
		} else {
			mtrace_line(file, e, "<", e->old);
			fputc('\n', file);
			mtrace_line(file, e, ">", e->mem);
		}
		fprintf(file, " %#" PRIx64 "\n", e->bytes);
		break;
	default:
		break;
	}
}

void export_mtrace(const struct history *history, const char *path)
{
	FILE *file = create(path);

	fputs("= Start\n", file);
	for (size_t i = 0; i < history->trace->count; i++)
		mtrace_event(file, &history->trace->events[i]);
	fputs("= End\n", file);
	finish(file, path);
}
