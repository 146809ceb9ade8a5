/* SPDX-License-Identifier: MIT */
/*
 * malloc over the three memories of mps2-an385, in the order that BANKS= gives
 * (a digit each: 0 is the one at the lowest addresses), used up to the last
 * tail; the heap is checked after each operation, and all contents are verified.
 */
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "format.h"
#include "heap.h"
#include "heap_banks.h"
#include "heap_cortex_m.h"
#include "told.h"

#define BANKS 3

size_t malloc_usable_size(void *p);

extern char __zbt_start[], __zbt_end[], __psram_start[], __psram_end[];
extern char __heap_start[], __heap_end[];

static const struct heap_region memories[BANKS] = {
	{.start = __zbt_start, .end = __zbt_end},
	{.start = __heap_start, .end = __heap_end},
	{.start = __psram_start, .end = __psram_end},
};

/* Malloc may be called before main: so there is an order from the start. */
static struct heap_bank table[BANKS] = {
	{.region = {.start = __psram_start, .end = __psram_end}},
	{.region = {.start = __heap_start, .end = __heap_end}},
	{.region = {.start = __zbt_start, .end = __zbt_end}},
};

static struct heap_banks banks = {
	.bank = table,
	.count = BANKS,
	.heap = &heap_default,
};

const struct heap_port heap_port_default = {
	.ctx = &banks,
	.sbrk = heap_banks_sbrk,
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.write = console,
	.fault = told,
};

static unsigned operations;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	format_print("not ok - %s, after %u operations\n", what, operations);
	board_exit(1);
}

static void after_operation(void)
{
	operations++;
	must(heap_check(&heap_default, NULL) == HEAP_OK, "the heap is unsound");
}

/* Blocks are a list; behind the link each word depends on where it is. */
struct block {
	struct block *other;
	uintptr_t word[];
};

static size_t words_of(struct block *b)
{
	return malloc_usable_size(b) / sizeof(uintptr_t) - 1;
}

static void fill(struct block *b)
{
	size_t n = words_of(b);

	for (size_t i = 0; i < n; i++)
		b->word[i] = (uintptr_t)&b->word[i] ^ 0x5a5a5a5au;
}

static void verify(struct block *b)
{
	size_t n = words_of(b);

	for (size_t i = 0; i < n; i++)
		must(b->word[i] == ((uintptr_t)&b->word[i] ^ 0x5a5a5a5au),
		     "a block's contents have changed");
}

static struct block *take_all(size_t largest)
{
	struct block *list = NULL;
	uint32_t chance = 1;

	while (largest != 0) {
		struct block *b;

		chance = chance * 1664525u + 1013904223u;
		b = malloc((chance >> 8) % largest + 1);
		after_operation();
		if (b == NULL) {
			largest /= 2;
			continue;
		}
		b->other = list;
		fill(b);
		list = b;
	}
	return list;
}

static void free_all(struct block *list)
{
	while (list != NULL) {
		struct block *b = list;

		verify(b);
		list = b->other;
		free(b);
		after_operation();
	}
}

/* Every bank is used up, but for less than the smallest chunk. */
static void check_all_used(void)
{
	struct heap_stats s;
	size_t all = 0;

	heap_stats(&heap_default, &s);
	for (size_t i = 0; i < BANKS; i++)
		all += (size_t)(table[i].region.end - table[i].region.start);
	must(all - s.taken < 2 * HEAP_ALIGN, "a bank's tail was not used");
	must(s.segments >= BANKS, "a bank was not used at all");
	must(s.largest_free == 0, "there is room, and it was refused");
	format_print("# %u bytes in %u segments, overhead %u\n",
		     (unsigned)s.taken, (unsigned)s.segments,
		     (unsigned)s.overhead);
}

int main(void)
{
	const char *order = strstr(board_args(), "BANKS=");
	struct heap_stats s;
	size_t first, largest = 300000;

	for (size_t i = 0; i < BANKS && order != NULL; i++)
		table[i].region = memories[order[6 + i] - '0'];
	for (int round = 0; round < 2; round++) {
		struct block *list = take_all(largest);

		check_all_used();
		free_all(list);
		heap_stats(&heap_default, &s);
		must(s.in_use == 0, "a block was not given back");
	}
	first = s.taken;
	must(heap_trim(&heap_default, 0) != 0, "nothing is given back");
	after_operation();
	heap_stats(&heap_default, &s);
	must(s.taken < first, "nothing was given back");
	format_print("ok - %u operations\n", operations);
	return 0;
}
