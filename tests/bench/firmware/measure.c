/* SPDX-License-Identifier: MIT */
/*
 * The three measurements: instructions of each call, the smallest heap, the
 * worst case against the number of free chunks.
 */
#include "bench.h"

#define TIMED_HEAP_MIN ((size_t)16 << 10)

static void print_trace(const char *tag, uint32_t number, size_t size)
{
	bench_text(tag);
	bench_hex(number);
	bench_text(" ");
	bench_text(bench_traces[number].name);
	bench_hex(bench_traces[number].peak);
	bench_hex(size);
	bench_text("\n");
}

static bool completes(const struct bench_trace *trace, size_t size, bool timed)
{
	bench_trace = trace;
	bench_restart(size);
	return bench_replay(timed);
}

void bench_run_time(uint32_t mask)
{
	for (uint32_t t = 0; t < bench_trace_count; t++) {
		const struct bench_trace *trace = &bench_traces[t];
		size_t size = trace->peak * 2;

		if (!(mask >> t & 1))
			continue;
		if (size < TIMED_HEAP_MIN)
			size = TIMED_HEAP_MIN;
		bench_record_clear();
		while (!completes(trace, size, true)) {
			if (size == BENCH_REGION_MAX)
				bench_fail("a trace fails in 15 MiB");
			size *= 2;
			if (size > BENCH_REGION_MAX)
				size = BENCH_REGION_MAX;
			bench_record_clear();
		}
		print_trace("T", t, size);
		bench_record_print();
	}
	if (bench_allocator.locked) {
		bench_text("L");
		bench_hex(bench_allocator.locked());
		bench_text("\n");
	}
}

void bench_run_heap(uint32_t mask)
{
	for (uint32_t t = 0; t < bench_trace_count; t++) {
		const struct bench_trace *trace = &bench_traces[t];
		size_t fails = 0;
		size_t good = trace->peak * 2;

		if (!(mask >> t & 1))
			continue;
		while (good <= BENCH_REGION_MAX &&
		       !completes(trace, good, false)) {
			fails = good;
			good *= 2;
		}
		if (good > BENCH_REGION_MAX)
			good = 0;
		while (good - fails > 8 && good != 0) {
			size_t middle =
				(fails + (good - fails) / 2 + 7) & ~(size_t)7;

			if (completes(trace, middle, false))
				good = middle;
			else
				fails = middle;
		}
		print_trace("M", t, good);
	}
}

/* ---- worst case -------------------------------------------------------- */

enum set { SMALL, LARGE, MIXED, SETS };

#define HOLES_MAX 5000u
#define WALL      20u

static void *holes[HOLES_MAX];
static void *walls[HOLES_MAX];

static void *must(void *p)
{
	if (p == NULL)
		bench_fail("out of memory in 15 MiB");
	return p;
}

static size_t hole_size(enum set set, uint32_t i)
{
	switch (set) {
	case SMALL:
		return 20;
	case LARGE:
		return 1000;
	default:
		return 520 + (i * 37 & 63) * 8;
	}
}

/* What no hole can hold, and hardly more. */
static size_t request(enum set set)
{
	return set == SMALL ? 28 : set == LARGE ? 1012 : 1036;
}

static uint32_t max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* n free chunks in `size` bytes, each between two that stay used. */
static void perforate(enum set set, uint32_t n, size_t size)
{
	bench_restart(size);
	must(bench_allocator.malloc(WALL));
	for (uint32_t i = 0; i < n; i++) {
		holes[i] = must(bench_allocator.malloc(hole_size(set, i)));
		walls[i] = must(bench_allocator.malloc(WALL));
	}
	/* Downwards: a list sorted by address takes each at its head. */
	for (uint32_t i = n; i-- > 0;)
		bench_allocator.free(holes[i]);
}

static void worst_at(enum set set, uint32_t n)
{
	uint32_t took[BENCH_KINDS];
	void *p;

	perforate(set, n, BENCH_REGION_MAX);
	took[BENCH_MALLOC] = bench_malloc(request(set), &p);
	must(p);
	/* Two holes and the wall between them do not suffice. */
	p = walls[n / 2];
	took[BENCH_REALLOC] = bench_realloc(&p, request(set) * 2 + 100);
	must(p);
	took[BENCH_FREE] = bench_free(walls[0]);
	took[BENCH_FREE] = max(took[BENCH_FREE], bench_free(walls[n / 4]));
	took[BENCH_FREE] = max(took[BENCH_FREE], bench_free(walls[n - 1]));
	took[BENCH_FREE] = max(took[BENCH_FREE], bench_free(p));
	bench_text("W");
	bench_hex(set);
	bench_hex(n);
	for (unsigned kind = 0; kind < BENCH_KINDS; kind++)
		bench_hex(took[kind]);
	bench_text("\n");
}

/* The first malloc of all, and the dearest while memory is taken. */
static void growth(void)
{
	static const uint16_t sizes[] = {1000, 24, 5000, 300};
	uint32_t worst = 0;
	uint32_t first;
	void *p;

	bench_restart((size_t)1 << 20);
	first = bench_malloc(24, &p);
	for (unsigned i = 0; p; i++)
		worst = max(worst, bench_malloc(sizes[i & 3], &p));
	bench_text("G");
	bench_hex(first);
	bench_hex(worst);
	bench_text("\n");
}

/* A malloc for which there is no room, but many chunks hardly too small. */
static void refused(void)
{
	uint32_t took;
	void *p;

	perforate(LARGE, 100, (size_t)256 << 10);
	do
		took = bench_malloc(request(LARGE), &p);
	while (p);
	bench_text("R");
	bench_hex(took);
	if (bench_allocator.locked)
		bench_hex(bench_allocator.locked());
	bench_text("\n");
}

void bench_run_worst(uint32_t largest)
{
	static const uint16_t counts[] = {10, 30, 100, 300, 1000, 3000, 5000};

	growth();
	for (unsigned set = 0; set < SETS; set++)
		for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
			if (counts[i] <= largest)
				worst_at((enum set)set, counts[i]);
	if (bench_allocator.locked) {
		bench_text("L");
		bench_hex(bench_allocator.locked());
		bench_text("\n");
	}
	/* Last: a locked section of its own, longer than those before. */
	refused();
}
