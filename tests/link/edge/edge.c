/* SPDX-License-Identifier: MIT */
/*
 * malloc whose region ends where RAM does, with the stack below it: takes all
 * of it, in blocks of many sizes, and writes every byte.  With the argument
 * "poke" it then writes the first byte behind RAM, which must be a fault.
 */
#include <errno.h>
#include <stdlib.h>

#include "board.h"
#include "heap_cortex_m.h"

#include "../must.h"
#include "heap.h"

size_t malloc_usable_size(void *p);

/* Where the stack starts, the region ends, and RAM ends: see edge.t. */
extern char __stack[], edge_end[], edge_ram_end[];

static struct heap_region region = {.start = __stack, .end = edge_end};

static void console_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	board_write(bytes, n);
}

static void report_and_exit(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	board_exit(BOARD_STATUS_HEAP);
}

const struct heap_port heap_port_default = {
	.ctx = &region,
	.sbrk = heap_region_sbrk,
	.write = console_write,
	.fault = report_and_exit,
};

/* Blocks are a list: the first word of each is the address of another. */
struct block {
	struct block *other;
};

/* What is written to a byte depends on where it is. */
static char mark(const char *at)
{
	return (char)((uintptr_t)at ^ (uintptr_t)at >> 8 ^ 0x55);
}

/* Returns the byte behind the block. */
static char *write_all(struct block *block, struct block *other)
{
	char *end = (char *)block + malloc_usable_size(block);

	for (char *at = (char *)(block + 1); at < end; at++)
		*at = mark(at);
	block->other = other;
	return end;
}

static bool is_written(struct block *block)
{
	char *end = (char *)block + malloc_usable_size(block);

	for (char *at = (char *)(block + 1); at < end; at++)
		if (*at != mark(at))
			return false;
	return true;
}

/* Until not even the smallest block is left; *highest is behind them all. */
static struct block *take_all(size_t largest, char **highest)
{
	struct block *list = NULL;
	uint32_t chance = 1;

	while (largest != 0) {
		chance = chance * 1664525u + 1013904223u;

		struct block *block = malloc((chance >> 8) % largest + 1);

		if (block == NULL) {
			must(errno == ENOMEM, "NULL without ENOMEM");
			largest /= 2;
			continue;
		}

		char *end = write_all(block, list);

		if (end > *highest)
			*highest = end;
		list = block;
	}
	return list;
}

__attribute__((noinline)) void poke(volatile char *at);

__attribute__((noinline)) void poke(volatile char *at)
{
	*at = 1;
}

int main(void)
{
	size_t all = (size_t)(edge_end - __stack);
	char *highest = NULL;
	struct block *list = take_all(all / 16, &highest);

	must(highest <= edge_end, "a block reaches over the end");
	must((size_t)(edge_end - highest) <= HEAP_ALIGN, "the end is not used");
	must(heap_check(&heap_default, NULL) == HEAP_OK,
	     "a full heap is unsound");
	while (list != NULL) {
		struct block *block = list;

		list = block->other;
		must(is_written(block), "a block has changed");
		free(block);
	}
	must(heap_check(&heap_default, NULL) == HEAP_OK, "the heap is unsound");
	free(malloc(all / 4 * 3));
	if (board_args()[0] == 'p')
		poke(edge_ram_end);
	return 0;
}
