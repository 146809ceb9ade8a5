/* SPDX-License-Identifier: MIT */
/*
 * A small world: a heap, the memory that it may have, what it has handed out,
 * and what was written there.  Everything that an operation may change lies in
 * one struct, so that copying it back undoes the operation.
 *
 * Blocks hold a pattern that depends on the address alone.  So which operations
 * led to a state leaves no trace in it, and two ways to the same heap are one
 * state.
 */
#ifndef WORLD_H
#define WORLD_H

#include "heap.h"

#define WORLD_SIZES  6
#define WORLD_BLOCKS 10
#define WORLD_MEMORY 8192
#define WORLD_CALLS  8 /* of sbrk, that one operation may make */

/* What a world is made of; sizes in units of HEAP_ALIGN, lists end with 0. */
struct world {
	const char *name;
	size_t room;              /* of the heap, or of its first bank       */
	size_t other;             /* of the second bank                      */
	bool grows;               /* through sbrk, with nothing at first     */
	bool locked;              /* the port has a lock                     */
	bool strangers;           /* somebody else calls sbrk, too           */
	size_t size[WORLD_SIZES]; /* chunks: odd ones are asked a byte less */
	struct {
		size_t align;
		size_t size;
	} aligned[WORLD_SIZES];
	unsigned depth; /* operations of a sequence, in `make test` */
	unsigned deep;  /* in `make worlds`                         */
};

extern const struct world worlds[];
extern const unsigned worlds_number;

enum op_kind {
	OP_ALLOC,
	OP_ZALLOC,
	OP_ALIGNED,
	OP_RESIZE,
	OP_FREE,
	OP_TRIM,
	OP_STRANGER,
	OP_BANK
};

struct op {
	enum op_kind kind;
	unsigned block;
	size_t align;
	size_t n;         /* bytes asked for                           */
	unsigned refused; /* bit i: the i-th grant of sbrk is denied */
};

/* Set up an empty world. */
void world_start(const struct world *w);

/* The operations that are possible now, at most `most`; how many. */
unsigned world_ops(struct op *op, unsigned most);

/*
 * Do it, and hold the answer against the model.  How often sbrk could have
 * given more, the refusals that were ordered included.
 */
unsigned world_do(const struct op *op);

/*
 * Hold all blocks and the map of the heap against the model; a number that
 * stands for this state.
 */
uint64_t world_look(void);

/* Everything that costs more: once for each state that is new. */
void world_examine(uint64_t state);

/* Keep what is now, and come back to it; `at` is below WORLD_DEPTH. */
#define WORLD_DEPTH 12
void world_keep(unsigned at);
void world_back(unsigned at);

/* Print an operation, for people. */
void op_print(const struct op *op);

/* Say what is wrong and how it came to that, and end the program. */
__attribute__((noreturn, format(printf, 1, 2))) void
world_wrong(const char *format, ...);

/* explore.c: the operations so far, printed by world_wrong. */
void explore_print(void);

#endif
