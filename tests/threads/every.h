/* SPDX-License-Identifier: MIT */
/*
 * An interrupt at every instruction of every operation: what the sweep
 * (every.c) and the scenes (scenes.c) share.
 */
#ifndef EVERY_H
#define EVERY_H

#include "heap.h"
#include "heap_pending.h"

/* The blocks of a scene: each holds its number in every byte. */
#define BLOCKS 8

struct block {
	unsigned char *mem; /* NULL: there is none */
	unsigned char *was; /* where it was before  */
	size_t n;
};

extern struct block blocks[BLOCKS];
extern struct heap *heap;

/* Let the next memory that the heap gets not adjoin what it has. */
extern bool every_gap;

/* Let memory come from two banks, with others' between them. */
extern bool every_banks;

/* Let in_isr say true. */
extern bool every_late;

/* The block that the interrupt frees is... */
enum victim {
	IN_USE, /* ... a neighbour: the first free is right, the second told  */
	SAME,   /* ... being freed by the operation: one of the two is told   */
	PENDING /* ... pending before: any free is told                       */
};

struct scene {
	const char *name;
	void (*prepare)(void); /* on a new heap                             */
	void (*operate)(void); /* the one call that is interrupted          */
	unsigned victim;       /* the block that the interrupt frees        */
	enum victim kind;
};

extern const struct scene scenes[];
extern const unsigned scenes_count;

#endif
