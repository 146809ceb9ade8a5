/* SPDX-License-Identifier: MIT */
/* Operations on a small world, and its break.  See world.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

struct here here;
const struct world *world;

static struct here kept[WORLD_DEPTH];
static unsigned calls;   /* of sbrk for more, in this operation */
static unsigned grants;  /* those that the bank could serve     */
static unsigned refused; /* which of these are to fail          */

/* ---- the port ---------------------------------------------------------- */

static void *on_sbrk(void *ctx, ptrdiff_t increment)
{
	struct bank *bank = &here.bank[here.turn];
	uintptr_t old = bank->brk;
	size_t back = (size_t)0 - (size_t)increment;

	(void)ctx;
	if (increment == 0)
		return (void *)old;
	if (increment < 0) {
		if (back > old - bank->start)
			world_wrong("more given back than was taken");
		bank->brk -= back;
		return (void *)old;
	}
	calls++;
	if ((size_t)increment > bank->end - old)
		return (void *)-1;
	if ((refused >> grants++ & 1) != 0)
		return (void *)-1;
	bank->brk += (size_t)increment;
	here.given += (size_t)increment;
	return (void *)old;
}

static uintptr_t on_lock(void *ctx)
{
	(void)ctx;
	if (here.locked)
		world_wrong("the lock is taken twice");
	here.locked = true;
	return 1;
}

static void on_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	if (!here.locked || state != 1)
		world_wrong("the lock is released, but not held");
	here.locked = false;
}

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	world_wrong("the heap tells a fault: kind %d, invariant %d",
		    (int)fault->kind, (int)fault->invariant);
}

/* By grows, locked. */
static const struct heap_port ports[2][2] = {
	{{.fault = on_fault},
	 {.fault = on_fault, .lock = on_lock, .unlock = on_unlock}},
	{{.fault = on_fault, .sbrk = on_sbrk},
	 {.fault = on_fault,
	  .sbrk = on_sbrk,
	  .lock = on_lock,
	  .unlock = on_unlock}},
};

/* ---- a world ----------------------------------------------------------- */

void world_start(const struct world *w)
{
	const struct heap_port *port = &ports[w->grows][w->locked];
	uintptr_t start = (uintptr_t)here.memory;
	size_t first = w->room * HEAP_ALIGN, other = w->other * HEAP_ALIGN;

	world = w;
	refused = 0;
	memset(&here, 0, sizeof(here));
	if (!w->grows) {
		/* Besides the room: where a head starts, and the fence. */
		size_t n = model_control() + first + HEAP_ALIGN;

		here.bytes = n;
		here.heap = heap_create(here.memory, n, port);
		if (here.heap == NULL)
			world_wrong("heap_create makes no heap");
	} else {
		size_t control = model_control() + 2 * HEAP_ALIGN;
		uintptr_t low = start + control + other + HEAP_ALIGN;

		/* The second bank lies below the first. */
		here.bytes = control + other + HEAP_ALIGN + first;
		here.bank[0] = (struct bank){low, low + first, low};
		low = start + control;
		here.bank[1] = (struct bank){low, low + other, low};
		here.heap = model_empty_heap(here.memory, port);
	}
	if (here.bytes > sizeof(here.memory))
		world_wrong("WORLD_MEMORY is too small for this world");
	model_start();
}

static size_t here_bytes(void)
{
	return offsetof(struct here, memory) + here.bytes;
}

void world_keep(unsigned at)
{
	memcpy(&kept[at], &here, here_bytes());
}

void world_back(unsigned at)
{
	memcpy(&here, &kept[at], here_bytes());
}

/* ---- what can be done -------------------------------------------------- */

/* Bytes asked for to get a chunk of so many units. */
static size_t asked_for(size_t units)
{
	return units * HEAP_ALIGN - sizeof(size_t) - units % 2;
}

/* The first block that is not there. */
static unsigned vacant(void)
{
	unsigned i = 0;

	while (i < WORLD_BLOCKS && here.block[i].mem != NULL)
		i++;
	return i;
}

struct list {
	struct op *op;
	unsigned n;
	unsigned most;
};

static void add(struct list *list, struct op op)
{
	if (list->n == list->most)
		world_wrong("a list of operations is too short");
	list->op[list->n++] = op;
}

static void add_requests(struct list *list, unsigned block)
{
	const size_t *size = world->size;

	for (; *size != 0; size++)
		add(list, (struct op){.kind = OP_ALLOC,
				      .block = block,
				      .n = asked_for(*size)});
	add(list, (struct op){.kind = OP_ZALLOC,
			      .block = block,
			      .n = asked_for(world->size[0])});
	for (unsigned i = 0; world->aligned[i].align != 0; i++)
		add(list,
		    (struct op){.kind = OP_ALIGNED,
				.block = block,
				.align = world->aligned[i].align * HEAP_ALIGN,
				.n = asked_for(world->aligned[i].size)});
}

unsigned world_ops(struct op *op, unsigned most)
{
	struct list list = {op, 0, most};

	if (vacant() < WORLD_BLOCKS)
		add_requests(&list, vacant());
	for (unsigned i = 0; i < WORLD_BLOCKS; i++) {
		if (here.block[i].mem == NULL)
			continue;
		add(&list, (struct op){.kind = OP_FREE, .block = i});
		for (const size_t *size = world->size; *size != 0; size++)
			add(&list, (struct op){.kind = OP_RESIZE,
					       .block = i,
					       .n = asked_for(*size)});
	}
	if (world->grows)
		add(&list, (struct op){.kind = OP_TRIM});
	if (world->strangers && here.strangers < STRANGERS)
		add(&list, (struct op){.kind = OP_STRANGER});
	if (world->other != 0)
		add(&list, (struct op){.kind = OP_BANK});
	return list.n;
}

void op_print(const struct op *op)
{
	char name = (char)('a' + op->block);

	switch (op->kind) {
	case OP_ALLOC:
		printf("#   %c = malloc(%zu)", name, op->n);
		break;
	case OP_ZALLOC:
		printf("#   %c = calloc(1, %zu)", name, op->n);
		break;
	case OP_ALIGNED:
		printf("#   %c = memalign(%zu, %zu)", name, op->align, op->n);
		break;
	case OP_RESIZE:
		printf("#   %c = realloc(%c, %zu)", name, name, op->n);
		break;
	case OP_FREE:
		printf("#   free(%c)", name);
		break;
	case OP_TRIM:
		printf("#   heap_trim(0)");
		break;
	case OP_STRANGER:
		printf("#   somebody else takes %d bytes", STRANGER_BYTES);
		break;
	case OP_BANK:
		printf("#   sbrk answers from the other bank");
		break;
	}
	for (unsigned i = 0; i < WORLD_CALLS; i++)
		if ((op->refused >> i & 1) != 0)
			printf(", sbrk refuses grant %u", i + 1);
	printf("\n");
}

/* ---- doing it ---------------------------------------------------------- */

static void stranger_takes(void)
{
	struct bank *bank = &here.bank[here.turn];

	if (bank->end - bank->brk < STRANGER_BYTES)
		return;
	here.stranger[here.strangers++] = bank->brk;
	model_fill(bank->brk, STRANGER_BYTES);
	bank->brk += STRANGER_BYTES;
}

/* What heap_trim says, sbrk has got back. */
static void trim(void)
{
	size_t before = here.bank[0].brk + here.bank[1].brk;
	size_t n = heap_trim(here.heap, 0);

	if (before - n != here.bank[0].brk + here.bank[1].brk)
		world_wrong("heap_trim says %zu, and gave back %zu", n,
			    before - here.bank[0].brk - here.bank[1].brk);
	here.given -= n;
}

unsigned world_do(const struct op *op)
{
	struct heap *h = here.heap;
	struct block *b = &here.block[op->block];

	calls = 0;
	grants = 0;
	model_begin();
	refused = op->refused;
	switch (op->kind) {
	case OP_ALLOC:
		model_new(b, heap_alloc(h, op->n), op);
		break;
	case OP_ZALLOC:
		model_zero(b, heap_zalloc(h, op->n), op);
		break;
	case OP_ALIGNED:
		model_new(b, heap_alloc_aligned(h, op->align, op->n), op);
		break;
	case OP_RESIZE:
		model_resized(b, heap_resize(h, b->mem, op->n), op);
		break;
	case OP_FREE:
		heap_free(h, b->mem);
		b->mem = NULL;
		break;
	case OP_TRIM:
		trim();
		break;
	case OP_STRANGER:
		stranger_takes();
		break;
	case OP_BANK:
		here.turn ^= 1;
		break;
	}
	refused = 0;
	if (here.locked)
		world_wrong("the lock is still held");
	/* Four a request, and realloc may make two. */
	if (calls > (op->kind == OP_RESIZE ? 8u : 4u))
		world_wrong("%u calls of sbrk in one operation", calls);
	return grants;
}

void world_wrong(const char *format, ...)
{
	va_list args;

	printf("not ok - world %s\n# ", world->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n# after, in bytes for %zu-bit words:\n", sizeof(size_t) * 8);
	explore_print();
	model_print();
	exit(1);
}
