/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <stdlib.h>

#include "board.h"
#include "format.h"
#include "heap.h"
#include "heap_pending.h"
#include "tap_io.h"

#define SLOTS 8

struct block {
	unsigned char *mem;
	size_t n;
};

static struct block blocks[WORKERS][SLOTS];

/* For the tick: one that waits to be freed, or 0. */
static volatile uintptr_t given_up;
volatile uint32_t work_freed;

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

_Noreturn void work_fail(const char *what)
{
	__asm__ volatile("cpsid i" ::: "memory");
	format_print("not ok - %s\n", what);
	board_exit(1);
}

static uint32_t below(uint32_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (*state >> 8) * n >> 24;
}

static void fill(struct block *b, unsigned char value)
{
	for (size_t i = 0; i < b->n; i++)
		b->mem[i] = (unsigned char)(value + i);
}

static void verify(const struct block *b, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (b->mem[i] != (unsigned char)(b->mem[0] + i))
			work_fail("a block's contents have changed");
}

static void drop(struct block *b, bool to_tick)
{
	verify(b, b->n);
	if (!to_tick || !heap_swap(&given_up, 0, (uintptr_t)b->mem))
		work_give(b->mem);
	b->mem = NULL;
}

void work(unsigned number, uint32_t operations)
{
	uint32_t state = 0x9e3779b9u * (number + 1);

	while (operations-- != 0) {
		struct block *b = &blocks[number][below(&state, SLOTS)];
		size_t n = 1 + below(&state, 160);

		if (b->mem == NULL) {
			b->mem = work_take(n);
			b->n = n;
			if (b->mem == NULL)
				work_fail("no memory");
			fill(b, (unsigned char)n);
		} else if (below(&state, 4) == 0) {
			unsigned char *mem = realloc(b->mem, n);

			if (mem == NULL)
				work_fail("no memory to resize");
			b->mem = mem;
			verify(b, n < b->n ? n : b->n);
			b->n = n;
			fill(b, (unsigned char)n);
		} else {
			drop(b, below(&state, 4) == 0);
		}
	}
	for (unsigned i = 0; i < SLOTS; i++)
		if (blocks[number][i].mem != NULL)
			drop(&blocks[number][i], false);
}

void work_tick(void)
{
	uintptr_t p = given_up;

	if (p == 0)
		return;
	given_up = 0;
	work_freed++;
	work_give((void *)p);
}

_Noreturn void work_finish(void)
{
	if (heap_check(&heap_default, NULL) != HEAP_OK)
		work_fail("the heap is not sound");
	format_print("ok - %u blocks freed in interrupts\n",
		     (unsigned)work_freed);
	board_exit(0);
}
