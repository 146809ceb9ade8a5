/* SPDX-License-Identifier: MIT */
/*
 * Two cores share malloc, under the lock that LOCK= names: "spin", or "mask",
 * which holds off nobody on the other core.  Cortex-M33 of an SSE-200, on
 * QEMU's mps2-an521; with the threads of the host's, so that no two runs are
 * the same.
 */
#include <stdlib.h>

#include "board.h"
#include "format.h"
#include "heap.h"
#include "heap_cortex_m.h"
#include "heap_lock.h"
#include "tap_io.h"

/* The system controller of the SSE-200: where core 1 starts, and that it may. */
#define INITSVTOR1 (*(volatile uint32_t *)0x50021114u)
#define CPUWAIT    (*(volatile uint32_t *)0x50021118u)

#define SLOTS      12
#define LENGTH     30
#define OPERATIONS 200000u

struct block {
	uint32_t *mem;
	uint32_t words;
	uint32_t value;
};

static struct block blocks[2][SLOTS];
static volatile uint32_t finished;
static volatile bool failed;
static uint32_t stack[512] __attribute__((aligned(8)));

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

/* ---- the locks ----------------------------------------------------------- */

static const struct heap_locker spin_locker = {
	.lock = heap_cortex_m_spin_lock,
	.unlock = heap_cortex_m_spin_unlock,
};

static const struct heap_locker mask_locker = {
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
};

static void told(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	(void)fault;
	failed = true;
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_locker_lock,
	.unlock = heap_locker_unlock,
	.fault = told,
};

/* ---- the work -------------------------------------------------------------- */

static uint32_t below(uint32_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (*state >> 8) * n >> 24;
}

static void change(struct block *b, uint32_t *state)
{
	if (b->mem != NULL) {
		for (uint32_t i = 0; i < b->words; i++)
			if (b->mem[i] != b->value + i)
				failed = true;
		free(b->mem);
		b->mem = NULL;
		return;
	}
	b->words = 1 + below(state, LENGTH);
	b->value = below(state, 1u << 24);
	b->mem = malloc(b->words * sizeof(uint32_t));
	for (uint32_t i = 0; b->mem != NULL && i < b->words; i++)
		b->mem[i] = b->value + i;
}

static void work(unsigned core)
{
	uint32_t state = 0x9e3779b9u * (core + 1);

	for (uint32_t i = 0; i < OPERATIONS && !failed; i++)
		change(&blocks[core][below(&state, SLOTS)], &state);
	for (unsigned i = 0; i < SLOTS; i++)
		if (blocks[core][i].mem != NULL && !failed)
			change(&blocks[core][i], &state);
	__atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
}

_Noreturn static void core_1(void)
{
	work(1);
	for (;;)
		__asm__ volatile("wfi");
}

static const struct {
	uint32_t *stack;
	void (*reset)(void);
} vectors_1 __attribute__((aligned(512))) = {stack + 512, core_1};

int main(void)
{
	struct heap_stats stats;
	bool mask = false;

	for (const char *c = board_args(); *c != '\0'; c++)
		mask = mask || *c == 'm';
	heap_set_locker(mask ? &mask_locker : &spin_locker);
	free(malloc(1));
	INITSVTOR1 = (uint32_t)(uintptr_t)&vectors_1;
	CPUWAIT = 0;
	work(0);
	while (finished != 2 && !failed)
		continue;
	if (failed || heap_check(&heap_default, NULL) != HEAP_OK) {
		format_print("not ok - the heap is damaged\n");
		return 1;
	}
	heap_stats(&heap_default, &stats);
	format_print("ok - %u operations of two cores, %u blocks left\n",
		     (unsigned)(2 * OPERATIONS), (unsigned)stats.used_chunks);
	return stats.used_chunks != 0;
}
