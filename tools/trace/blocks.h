/* SPDX-License-Identifier: MIT */
/* What became of the blocks: a trace played through. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace;
struct event;

#define NEVER SIZE_MAX

/* A block while it lay at one place with one size. */
struct block {
	uint64_t mem;
	uint64_t bytes; /* asked for                                      */
	size_t from;    /* index of the event that made it                */
	size_t to;      /* that ended it, or NEVER                        */
	size_t began;   /* its first block's `from`: realloc carries on   */
	unsigned tag;
	unsigned site;  /* who allocated it, or resized it last           */
	unsigned ended; /* site that freed or resized it                  */
	bool moving;    /* a resize of it has begun                       */
	bool resized;   /* ended by a resize, not by free                 */
	bool refused;   /* a free of it was refused: it, or what lies by, is
	                   damaged                                        */
};

/* Misuse that was seen. */
struct problem {
	const struct event *event; /* the call that met it                */
	const struct event *fault; /* what the heap said, or NULL         */
	size_t block;   /* of `blocks`, the one that is meant, or NEVER   */
	size_t suspect; /* the block that was overrun into it, or NEVER   */
	enum {
		DOUBLE_FREE,  /* `block` was freed before                 */
		DAMAGED,      /* `block` or its neighbour is damaged      */
		INSIDE,       /* the pointer points into `block`          */
		UNKNOWN_BLOCK /* no block is there, nor was               */
	} kind;
};

struct history {
	const struct trace *trace;
	struct block *blocks;
	size_t count;
	struct problem *problems;
	size_t problem_count;
	uint64_t refused;   /* requests that were answered by NULL          */
	uint64_t unknown;   /* ends of blocks from before the trace         */
	uint64_t unended;   /* blocks whose place was given out while live    */
	bool has_tags;      /* a block has one: the heap keeps accounts       */
	uint64_t low, high; /* addresses, from the first to behind the last */
};

/* Play the trace through. */
void history_read(struct history *history, const struct trace *trace);

#endif
