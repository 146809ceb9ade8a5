/* SPDX-License-Identifier: MIT */
/* The model that a small world is held against: model.c and world.c share it. */
#ifndef MODEL_H
#define MODEL_H

#include "world.h"

#define STRANGERS      3
#define STRANGER_BYTES 5

struct block {
	unsigned char *mem; /* NULL: none                        */
	size_t n;           /* bytes that may be used, all filled */
};

/* Memory of sbrk's, and the break inside. */
struct bank {
	uintptr_t start;
	uintptr_t end;
	uintptr_t brk;
};

/* All that an operation may change. */
extern struct here {
	struct heap *heap; /* its control block is in `memory` */
	struct block block[WORLD_BLOCKS];
	struct bank bank[2];
	unsigned turn; /* which of them answers                    */
	size_t given;  /* bytes, of sbrk's, that the heap has       */
	uintptr_t stranger[STRANGERS];
	unsigned strangers;
	bool locked;
	uint64_t state; /* as world_look said last */
	size_t bytes;   /* of memory, that this world uses */
	unsigned char memory[WORLD_MEMORY] __attribute__((aligned(4096)));
} here;

extern const struct world *world;

/* Bytes of the control block, rounded up to HEAP_ALIGN. */
size_t model_control(void);

/* A heap without memory, its control block at mem. */
struct heap *model_empty_heap(void *mem, const struct heap_port *port);

/* The world is new. */
void model_start(void);

/* Before an operation. */
void model_begin(void);

/* The chunks, for people. */
void model_print(void);

/* Let n bytes hold what belongs there. */
void model_fill(uintptr_t at, size_t n);

/* The answer to an operation. */
void model_new(struct block *b, void *p, const struct op *op);
void model_zero(struct block *b, void *p, const struct op *op);
void model_resized(struct block *b, void *p, const struct op *op);

#endif
