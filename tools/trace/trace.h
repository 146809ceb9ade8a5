/* SPDX-License-Identifier: MIT */
/* A trace as it was read: the header, and the events in order. */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_format.h"

struct event {
	enum trace_kind kind;
	unsigned tag;
	uint64_t time; /* units since the start, or the event's number      */
	int64_t order; /* as the heap numbered them; else its predecessor's */
	size_t index;  /* as they were written                              */
	uint64_t mem;  /* 0: refused                                        */
	uint64_t old;
	uint64_t bytes; /* asked, grown, trimmed                             */
	uint64_t align;
	uint64_t chunk;
	uint64_t caller;  /* as it was when the program ran                   */
	uint64_t number;  /* lost; a mark; a fault's kind                     */
	uint64_t number2; /* a fault's invariant                             */
};

struct trace {
	const char *path;
	unsigned word; /* bits of a pointer                       */
	uint64_t hz;   /* units of time a second; 0: not known    */
	bool has_times;
	uint64_t anchor;
	uint64_t base;
	uint64_t code, code_size;
	uint32_t code_sum;
	unsigned char id[TRACE_BUILD_ID_MAX];
	size_t id_size;
	struct event *events;
	size_t count;
	uint64_t lost; /* events that the recorder could not keep */
	bool ended;    /* the recorder was stopped                */
};

/*
 * Read `path`: what the recorder wrote, the memory it kept it in, or a console
 * log with its lines.  Says what is wrong and exits with status 2 when it is
 * none of these, damaged, or, unless `partial`, not complete.
 */
void trace_read(struct trace *trace, const char *path, bool partial);

#endif
