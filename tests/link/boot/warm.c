/* SPDX-License-Identifier: MIT */
/*
 * Boots again and again without the RAM being cleared: every boot finds the
 * region full of what the one before left there, with the same key, and is to
 * take none of it for its own.  A boot ends in the middle of a call of malloc or
 * free, with the lock taken; the last one ends with status 0.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../must.h"
#include "heap.h"

#ifndef SEED
#define SEED 0
#endif
#define BOOTS   8
#define BLOCKS  48
#define MAGIC   0x62303074u
#define MOST    96
#define AIRCR   (*(volatile uint32_t *)0xe000ed0cu)
#define RESTART 0x05fa0004u

/* Behind the region, where neither startup nor the emulator writes. */
extern char __heap_end[];

struct kept {
	uint32_t magic;
	unsigned boots;
	void *first, *block[BLOCKS];
};

static volatile struct kept *const kept = (struct kept *)__heap_end;
static unsigned calls_left, faults;
static struct heap_fault last;

static void restart(void)
{
	__asm__ volatile("dsb" ::: "memory");
	AIRCR = RESTART;
	for (;;)
		continue;
}

static uintptr_t lock(void *ctx)
{
	(void)ctx;
	return 0;
}

/* The n-th call of the heap never ends. */
static void unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
	if (calls_left != 0 && --calls_left == 0)
		restart();
}

/* Another at every boot, or the same. */
static uintptr_t seed(void *ctx)
{
	(void)ctx;
	return kept->boots * (uintptr_t)SEED + 1;
}

static void record(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	faults++;
	last = *fault;
}

const struct heap_port heap_port_default = {
	.ctx = &heap_region_linker,
	.sbrk = heap_linker_sbrk,
	.lock = lock,
	.unlock = unlock,
	.seed = seed,
	.fault = record,
};

/*
 * All that the last boot had is foreign now, but for what is ours again.  Where the
 * heap has memory, the key tells: it must be another.
 */
static void check_old_blocks(const void *ours)
{
	for (unsigned i = 0; kept->boots != 0 && i < BLOCKS; i++) {
		void *old = kept->block[i];

		if (old == NULL || old == ours)
			continue;
		faults = 0;
		free(old);
		must(faults == 1 && last.mem == old,
		     "what the last boot had is taken for ours");
	}
	faults = 0;
}

/* Bytes of block i that are filled. */
static size_t length(unsigned i)
{
	return MOST * (i % 7) / 8;
}

static void check_filled(unsigned boot)
{
	for (unsigned i = 0; i < BLOCKS; i++) {
		const unsigned char *p = kept->block[i];

		for (size_t n = 0; p != NULL && n < length(i); n++)
			must(p[n] == (unsigned char)(boot + i + n),
			     "a block has changed");
	}
}

static void fill(unsigned char *p, unsigned boot, unsigned i)
{
	for (size_t n = 0; n < length(i); n++)
		p[n] = (unsigned char)(boot + i + n);
}

/* Allocates and frees; what lives is known to the next boot. */
static void work(unsigned boot)
{
	for (unsigned round = 0; round < 6 * BLOCKS; round++) {
		unsigned i = round * 7 % BLOCKS;
		void *p = kept->block[i];

		if (p != NULL && round % 3 != 0) {
			kept->block[i] = NULL;
			free(p);
			continue;
		}
		p = realloc(p, length(i) + 1);
		must(p != NULL, "a realloc or malloc is refused");
		fill(p, boot, i);
		kept->block[i] = p;
		if (round % 16 == 0)
			check_filled(boot);
	}
}

int main(void)
{
	unsigned boot;
	void *p;

	if (kept->magic != MAGIC) {
		kept->magic = MAGIC;
		kept->boots = 0;
	}
	boot = kept->boots;
	check_old_blocks(NULL);
	must(heap_check(&heap_default, NULL) == HEAP_OK, "an empty heap");
	p = malloc(24);
	must(p != NULL, "the first malloc is refused");
	must(boot == 0 || p == kept->first, "the first block is elsewhere");
	if (SEED != 0)
		check_old_blocks(p);
	kept->first = p;
	for (unsigned i = 0; i < BLOCKS; i++)
		kept->block[i] = NULL;
	kept->boots = boot + 1;
	calls_left = boot < BOOTS ? 40 + 17 * boot : 0;
	work(boot);
	must(boot == BOOTS, "the lock was not called as often as that");
	must(heap_check(&heap_default, NULL) == HEAP_OK, "the heap is unsound");
	must(faults == 0, "a fault was told");
	return 0;
}
