/* SPDX-License-Identifier: MIT */
/*
 * Replays a trace, verifies every block, records what each call took.
 */
#include "bench.h"

#define SLOTS 16384u
/* Calls of more instructions share the last counter and are listed apart. */
#define LONGEST 65535u

struct slot {
	unsigned char *p;
	uint32_t size;
	uint32_t seed;
};

const struct bench_trace *bench_trace;
uint32_t bench_line;

static struct slot slots[SLOTS];
static uint32_t calls[BENCH_KINDS][LONGEST + 1];
static uint32_t worst[BENCH_KINDS];
static uint32_t stayed; /* reallocs that left the block where it was */

static void record(enum bench_kind kind, uint32_t took)
{
	calls[kind][took < LONGEST ? took : LONGEST]++;
	if (took > worst[kind])
		worst[kind] = took;
}

void bench_record_clear(void)
{
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++) {
		for (uint32_t took = 0; took <= LONGEST; took++)
			calls[kind][took] = 0;
		worst[kind] = 0;
	}
	stayed = 0;
}

void bench_record_print(void)
{
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++) {
		for (uint32_t took = 0; took <= LONGEST; took++) {
			if (calls[kind][took] == 0)
				continue;
			bench_text("H");
			bench_hex(kind);
			bench_hex(took < LONGEST ? took : worst[kind]);
			bench_hex(calls[kind][took]);
			bench_text("\n");
		}
	}
	bench_text("P");
	bench_hex(stayed);
	bench_text("\n");
	bench_record_clear();
}

/* Words first, then the odd bytes at the end. */
static void fill(struct slot *slot, uint32_t seed)
{
	uint32_t *word = (uint32_t *)(void *)slot->p;
	uint32_t i;

	slot->seed = seed;
	for (i = 0; i < slot->size / 4; i++)
		word[i] = seed + i;
	for (i *= 4; i < slot->size; i++)
		slot->p[i] = (unsigned char)(seed + i);
}

/* Of a block whose size was `size`, the first n bytes still stand. */
static void verify(const struct slot *slot, uint32_t n)
{
	const uint32_t *word = (const uint32_t *)(const void *)slot->p;
	uint32_t words = n / 4;
	uint32_t i;

	for (i = 0; i < words; i++)
		if (word[i] != slot->seed + i)
			bench_fail("the contents of a block have changed");
	/* A shrunk block's odd bytes were once part of a word. */
	if (n != slot->size)
		return;
	for (i *= 4; i < n; i++)
		if (slot->p[i] != (unsigned char)(slot->seed + i))
			bench_fail("the contents of a block have changed");
}

static bool allocate(struct slot *slot, uint32_t size, bool timed)
{
	void *p;

	if (timed)
		record(BENCH_MALLOC, bench_malloc(size, &p));
	else
		p = bench_allocator.malloc(size);
	slot->p = p;
	slot->size = size;
	return p != NULL;
}

static bool resize(struct slot *slot, uint32_t size, bool timed)
{
	void *p = slot->p;

	verify(slot, slot->size);
	if (timed)
		record(BENCH_REALLOC, bench_realloc(&p, size));
	else
		p = bench_allocator.realloc(p, size);
	stayed += p == slot->p;
	slot->p = p;
	if (p == NULL)
		return false;
	verify(slot, size < slot->size ? size : slot->size);
	slot->size = size;
	return true;
}

static void release(struct slot *slot, bool timed)
{
	verify(slot, slot->size);
	if (timed)
		record(BENCH_FREE, bench_free(slot->p));
	else
		bench_allocator.free(slot->p);
}

static bool replay(const struct bench_trace *trace, bool timed)
{
	for (uint32_t i = 0; i < trace->count; i++) {
		uint32_t op = trace->ops[i];
		struct slot *slot = &slots[op >> 16 & (SLOTS - 1)];
		enum bench_kind kind = op >> 30;

		bench_line = i + 1;
		if (kind == BENCH_FREE) {
			release(slot, timed);
			continue;
		}
		if (!(kind == BENCH_MALLOC ? allocate(slot, op & 0xffff, timed)
					   : resize(slot, op & 0xffff, timed)))
			return false;
		if ((uintptr_t)slot->p & 7)
			bench_fail("a block is not aligned to 8 bytes");
		fill(slot, (i + 1) * 2654435761u);
	}
	return true;
}

bool bench_replay(bool timed)
{
	bool done = replay(bench_trace, timed);

	bench_line = 0;
	return done;
}
