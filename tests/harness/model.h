/* SPDX-License-Identifier: MIT */
/*
 * A shadow of a heap: what it has handed out, and what was written there.
 * Random operations are made on both, and every block's content, place and
 * alignment is held against the shadow.
 */
#ifndef MODEL_H
#define MODEL_H

#include "heap.h"
#include "tap.h"

#define MODEL_BLOCKS 48

struct model_block {
	unsigned char *mem; /* NULL: none           */
	size_t n;           /* bytes asked for      */
	size_t align;       /* promised             */
	unsigned seed;      /* of what it holds     */
};

struct model {
	struct heap *heap;
	uint32_t random;
	size_t largest;  /* bytes, of a request               */
	unsigned every;  /* operations from check to check    */
	bool may_reset;  /* heap_reset is among them          */
	unsigned stamps; /* seeds given so far                */
	unsigned served; /* requests that were answered       */
	struct model_block block[MODEL_BLOCKS];
};

/* An empty shadow of an empty heap; takes its seed from the command line. */
void model_start(struct model *m, struct heap *h, size_t largest);

/* CHECKs everything along so many random operations. */
void model_run(struct model *m, unsigned operations);

/* CHECKs every block, frees them all, and CHECKs that nothing is in use. */
void model_end(struct model *m);

#endif
