/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "source.h"
#include "trace.h"

struct reader {
	const char *path;
	const uint8_t *start, *at, *end;
	bool cut; /* the end came too early */
};

static uint64_t number(struct reader *from)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (from->at == from->end) {
			from->cut = true;
			return 0;
		}
		byte = *from->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	refuse(from->path, "is damaged at byte %td: a number does not end",
	       from->at - from->start);
}

/* ---- the header -------------------------------------------------------------- */

static void read_header(struct trace *trace, struct reader *from)
{
	from->at += TRACE_MAGIC_SIZE;
	trace->word = (unsigned)number(from);
	number(from); /* of no use: all times are from the start */
	trace->hz = number(from);
	number(from);
	trace->anchor = number(from);
	trace->base = number(from);
	trace->code = number(from);
	trace->code_size = number(from);
	trace->code_sum = (uint32_t)number(from);
	trace->id_size = number(from);
	if (from->cut || trace->id_size > (size_t)(from->end - from->at))
		refuse(trace->path,
		       "is truncated: it ends inside its header, after %td "
		       "bytes; nothing was recorded",
		       from->end - from->start);
	if ((trace->word != 32 && trace->word != 64) ||
	    trace->id_size > sizeof(trace->id))
		refuse(trace->path,
		       "is damaged: its header says %u-bit "
		       "pointers and a build id of %zu bytes",
		       trace->word, trace->id_size);
	memcpy(trace->id, from->at, trace->id_size);
	from->at += trace->id_size;
}

/* ---- records ------------------------------------------------------------------- */

static uint64_t in_word(const struct trace *trace, uint64_t value)
{
	return trace->word == 32 ? value & UINT32_MAX : value;
}

static uint64_t pointer(const struct trace *trace, struct reader *from)
{
	const unsigned turn = trace->word == 32 ? 3 : 4;
	uint64_t x = number(from);

	x = in_word(trace, x << turn) | x >> (trace->word - turn);
	return in_word(trace, trace->base + x);
}

static void read_fields(const struct trace *trace, struct reader *from,
			struct event *e)
{
	const uint8_t *fields = trace_fields[e->kind];

	for (unsigned i = 0; i < TRACE_FIELDS_MAX; i++)
		switch ((enum trace_field)fields[i]) {
		case TRACE_NO_FIELD:
			return;
		case TRACE_MEM:
			e->mem = pointer(trace, from);
			break;
		case TRACE_OLD:
			e->old = pointer(trace, from);
			break;
		case TRACE_CHUNK:
			e->chunk = pointer(trace, from);
			break;
		case TRACE_CALLER:
			e->caller = in_word(trace, trace->code + number(from));
			break;
		case TRACE_BYTES:
			e->bytes = number(from);
			break;
		case TRACE_ALIGN:
			e->align = number(from);
			break;
		case TRACE_NUMBER:
			e->number = number(from);
			break;
		case TRACE_NUMBER2:
			e->number2 = number(from);
			break;
		}
}

static bool is_numbered(enum trace_kind kind)
{
	return kind < TRACE_FAULT;
}

/* One record, behind the state of the one before; false at the end. */
static bool read_record(struct trace *trace, struct reader *from,
			const struct event *before, struct event *e)
{
	uint8_t kind;

	if (from->at == from->end)
		return false;
	kind = *from->at++;
	*e = (struct event){.kind = (enum trace_kind)(kind & TRACE_KIND),
			    .order = before->order,
			    .time = before->time};
	if (e->kind == 0 || e->kind > TRACE_END || (kind & 0x80) != 0)
		refuse(trace->path,
		       "is damaged at byte %td: no record begins with 0x%02x",
		       from->at - from->start - 1, kind);
	if (is_numbered(e->kind))
		e->order++;
	read_fields(trace, from, e);
	if ((kind & TRACE_HAS_TAG) != 0)
		e->tag = (unsigned)number(from);
	if ((kind & TRACE_HAS_ORDER) != 0) {
		uint64_t by = number(from);

		e->order += (int64_t)(by >> 1) ^ -(int64_t)(by & 1);
	}
	if ((kind & TRACE_HAS_TIME) != 0) {
		e->time += number(from);
		trace->has_times = true;
	}
	return !from->cut;
}

static void add(struct trace *trace, const struct event *e)
{
	if ((trace->count & (trace->count + 1)) == 0)
		trace->events = need(
			realloc(trace->events, 2 * (trace->count + 1) *
						       sizeof(*trace->events)));
	trace->events[trace->count] = *e;
	trace->events[trace->count].index = trace->count;
	trace->count++;
}

static void read_records(struct trace *trace, struct reader *from)
{
	struct event before = {0};
	struct event e = {0};

	while (!trace->ended && read_record(trace, from, &before, &e)) {
		if (e.kind == TRACE_END)
			trace->ended = true;
		else if (e.kind == TRACE_LOST)
			trace->lost += e.number;
		else
			add(trace, &e);
		before = e;
	}
	if (trace->ended && e.number > trace->lost)
		trace->lost = e.number;
}

/* Threads may have been told in another order than things happened. */
static int compare(const void *a, const void *b)
{
	const struct event *one = a;
	const struct event *two = b;

	if (one->order != two->order)
		return one->order < two->order ? -1 : 1;
	return one->index < two->index ? -1 : one->index > two->index;
}

static void check_complete(const struct trace *trace, const struct reader *from,
			   bool partial)
{
	if (trace->ended || partial)
		return;
	refuse(trace->path,
	       "is truncated: it ends %s, %zu events and %td bytes from its "
	       "start, without the recorder's end mark; either the program "
	       "stopped before heap_trace_stop, or the file was cut short.  "
	       "-f reports on what there is",
	       from->cut ? "inside a record" : "between two records",
	       trace->count, from->end - from->start);
}

void trace_read(struct trace *trace, const char *path, bool partial)
{
	struct source source;
	struct reader from;

	*trace = (struct trace){.path = path};
	source_read(&source, path);
	from = (struct reader){.path = path,
			       .start = source.bytes,
			       .at = source.bytes,
			       .end = source.bytes + source.size};
	read_header(trace, &from);
	read_records(trace, &from);
	trace->lost += source.lost;
	if (source.is_ring && !from.cut)
		trace->ended = true;
	check_complete(trace, &from, partial);
	if (source.traces > 1)
		fprintf(stderr,
			"heap-trace: %s: holds %zu traces; this is the last\n",
			path, source.traces);
	if (trace->count != 0)
		qsort(trace->events, trace->count, sizeof(*trace->events),
		      compare);
	for (size_t i = 0; i < trace->count; i++)
		if (!trace->has_times)
			trace->events[i].time = i;
	free(source.bytes);
}
