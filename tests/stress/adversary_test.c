/* SPDX-License-Identifier: MIT */
/*
 * Programs that mean to fragment the heap.  Each is measured: how much of the
 * region it makes the heap use, and that this is no more than heap/SIZING.md
 * promises; then it is run again in a region of exactly that size.
 */
#include "rig.h"
#include "state.h"

#define ARENA  ((size_t)6144)
#define BLOCKS (TAP_ARENA < 65536 ? 96u : 512u)
/* No program has more bytes in used chunks at any time. */
#define BUDGET (BLOCKS * HEAP_ALIGN)

static struct game {
	struct heap *h;
	void *block[BLOCKS]; /* what is allocated                          */
	unsigned blocks;
	unsigned most;  /* blocks that there were at a time                */
	size_t live;    /* bytes of their chunks                           */
	size_t peak;    /* most that it was                                */
	size_t largest; /* bytes of the largest chunk ever asked for       */
	size_t extent;  /* bytes from the first chunk to the highest top   */
} game;

static void start(struct heap *h)
{
	game = (struct game){.h = h};
}

/* Take a chunk of so many units; false when the heap has no more. */
static bool take(size_t units)
{
	size_t size = units * HEAP_ALIGN;
	void *mem = heap_alloc(game.h, rig_units(units));

	if (mem == NULL)
		return false;
	game.block[game.blocks++] = mem;
	game.live += size;
	if (game.most < game.blocks)
		game.most = game.blocks;
	if (game.peak < game.live)
		game.peak = game.live;
	if (game.largest < size)
		game.largest = size;
	if (game.extent < chunk_span(game.h->base, game.h->top))
		game.extent = chunk_span(game.h->base, game.h->top);
	return true;
}

/* As many as the budget allows. */
static void take_all(size_t units)
{
	while (game.blocks < BLOCKS && !tap_failed() &&
	       game.live + units * HEAP_ALIGN <= BUDGET)
		CHECK(take(units));
}

/* Free what `keep` does not want to keep; it sees the blocks by address. */
static bool collect(void *ctx, const struct heap_chunk *c)
{
	(void)ctx;
	if (c->state == HEAP_CHUNK_USED && game.blocks < BLOCKS)
		game.block[game.blocks++] = (void *)(uintptr_t)c->mem;
	return true;
}

static void sift(bool (*keep)(size_t i, size_t at, size_t units, size_t arg),
		 size_t arg)
{
	unsigned kept = 0;

	game.blocks = 0;
	CHECK(heap_walk(game.h, collect, NULL));
	for (unsigned i = 0; i < game.blocks; i++) {
		struct chunk *c = mem_to_chunk(game.block[i]);
		size_t at = chunk_span(game.h->base, c) / HEAP_ALIGN;
		size_t units = chunk_head_size(c) / HEAP_ALIGN;

		if (keep(i, at, units, arg)) {
			game.block[kept++] = game.block[i];
		} else {
			heap_free(game.h, game.block[i]);
			game.live -= units * HEAP_ALIGN;
		}
	}
	game.blocks = kept;
}

/* ---- the programs ------------------------------------------------------ */

static bool is_even(size_t i, size_t at, size_t units, size_t arg)
{
	(void)at, (void)units, (void)arg;
	return i % 2 == 0;
}

static bool is_odd(size_t i, size_t at, size_t units, size_t arg)
{
	return !is_even(i, at, units, arg);
}

/* Free every other, then ask for slightly more. */
static void every_other(void)
{
	take_all(4);
	sift(is_even, 0);
	take_all(5);
}

/* The same again and again: all holes are always one unit too small. */
static void growing_sizes(void)
{
	for (size_t units = 1; units <= 24; units++) {
		take_all(units);
		sift(is_even, 0);
	}
}

/* Robson's: does the block cover a unit at `offset` modulo `step`? */
static size_t step;

static bool covers(size_t i, size_t at, size_t units, size_t offset)
{
	(void)i;
	return (offset - at) % step < units;
}

/* What each block that would be kept spoils of a larger one. */
static size_t spoilt(size_t offset)
{
	size_t sum = 0;

	for (unsigned i = 0; i < game.blocks; i++) {
		struct chunk *c = mem_to_chunk(game.block[i]);
		size_t at = chunk_span(game.h->base, c) / HEAP_ALIGN;
		size_t units = chunk_head_size(c) / HEAP_ALIGN;

		if (covers(i, at, units, offset))
			sum += step - units;
	}
	return sum;
}

/*
 * Powers of two: of each step's blocks those are kept that lie across one unit
 * in so many, so that no hole serves the next power.
 */
static void powers_of_two(void)
{
	size_t offset = 0;

	take_all(1);
	for (step = 2; step <= BLOCKS / 4; step *= 2) {
		if (spoilt(offset + step / 2) > spoilt(offset))
			offset += step / 2;
		sift(covers, offset);
		take_all(step);
	}
}

/*
 * Best fit's worst: each block is shrunk to one unit where it lies, once there
 * is one behind it.  The hole is one unit too small for the next.
 */
static size_t shrunk_from;

static void shrink(void)
{
	CHECK(take(shrunk_from - 1));
	CHECK(take(shrunk_from));
	sift(is_odd, 0);
	while (game.blocks < BLOCKS && take(shrunk_from)) {
		void *mem = game.block[game.blocks - 2];

		CHECK_PTR_EQ(heap_resize(game.h, mem, rig_units(1)), mem);
		game.live -= (shrunk_from - 1) * HEAP_ALIGN;
	}
}

/* ---- what SIZING.md says ----------------------------------------------- */

/* The size of the smallest chunk that every chunk of `size` bytes' bin is below. */
static size_t edge(size_t size)
{
	size_t octave = HEAP_ALIGN;

	if (size <= HEAP_EXACT_BINS * HEAP_ALIGN)
		return size;
	while (octave * 2 <= size)
		octave *= 2;
	return size < octave / 2 * 3 ? octave / 2 * 3 : octave * 2;
}

static size_t bound(void)
{
	return game.peak + (game.most - 1) * (edge(game.largest) - HEAP_ALIGN);
}

/* Bytes of a region for so many of chunks. */
static size_t region(size_t chunks)
{
	return align_up(sizeof(struct heap), HEAP_ALIGN) + HEAP_ALIGN + chunks;
}

/*
 * What this program makes any allocator use, by Robson; all in units: `m` at
 * most allocated at a time, in powers of two up to `n`.
 */
static size_t robson(size_t m, size_t n)
{
	size_t log2 = 0;

	while ((size_t)1 << log2 < n)
		log2++;
	return m + m * log2 / 2 - n + 1;
}

static void play(const char *name, void (*program)(void))
{
	size_t extent, percent;

	start(rig_heap((size_t)128 << 10));
	CHECK(game.h != NULL);
	program();
	extent = game.extent;
	percent = extent * 100 / game.peak;
	tap_diag("%s: %u blocks, peak %zu bytes, largest %zu", name, game.most,
		 game.peak, game.largest);
	tap_diag("%s: needs %zu bytes, %zu percent of the peak; bound %zu",
		 name, extent, percent, bound());
	CHECK(extent <= bound());
	CHECK_EQ(rig_stats(game.h).in_use, game.live);
	if (HEAP_STATS != 0)
		CHECK_EQ(rig_stats(game.h).peak, game.peak);
	rig_check_sound(game.h);

	start(rig_heap(region(extent)));
	CHECK(game.h != NULL);
	program();
	CHECK_EQ(game.extent, extent);
}

TEST(the_overhead_is_what_the_table_says)
{
	unsigned char *mem;
	size_t n;

	TAP_NEEDS(ARENA);
	mem = rig_arena(&n, ARENA);
	for (size_t cut = 0; cut < HEAP_ALIGN; cut++) {
		struct heap *h = heap_create(mem, 1024 - cut, &rig_port);
		size_t lost = cut == 0 ? 0 : HEAP_ALIGN;

		CHECK_EQ(heap_room(h), 1024 - lost - region(0));
		heap_attach(h, (uintptr_t)mem + 2048, 1024 - cut);
		CHECK_EQ(heap_room(h), 1024 - lost - 2 * HEAP_ALIGN);
		CHECK_EQ(rig_stats(h).segments, 2);
	}
	for (size_t units = 1; units < 20; units++) {
		struct heap *h = rig_heap(ARENA);

		heap_alloc(h, units == 1 ? 0 : rig_units(units - 1) + 1);
		CHECK_EQ(rig_stats(h).in_use, units * HEAP_ALIGN);
		heap_alloc(h, rig_units(units));
		CHECK_EQ(rig_stats(h).in_use, 2 * units * HEAP_ALIGN);
	}
	/* The two enums share a word where they are short. */
	CHECK_EQ(sizeof(struct heap),
		 (HEAP_BINS + 19 + 3 * (HEAP_CHECK != 0)) * WORD_SIZE +
			 align_up(2 * sizeof(rig.fault.kind), WORD_SIZE));
}

TEST(every_other_freed_then_slightly_more_stays_within_the_bound)
{
	TAP_NEEDS(ARENA);
	play("every other", every_other);
	CHECK_EQ(rig_stats(game.h).failures, 0);
}

TEST(sizes_that_grow_stay_within_the_bound)
{
	TAP_NEEDS(ARENA);
	play("growing", growing_sizes);
	CHECK_EQ(rig_stats(game.h).failures, 0);
}

TEST(powers_of_two_need_no_more_than_of_any_allocator)
{
	TAP_NEEDS(ARENA);
	play("powers of two", powers_of_two);
	CHECK_EQ(rig_stats(game.h).failures, 0);
	CHECK_EQ(game.extent / HEAP_ALIGN,
		 robson(BLOCKS, game.largest / HEAP_ALIGN));
}

/* Of bins of one size the bound is exact: no smaller one would be true. */
TEST(blocks_shrunk_in_place_reach_the_bound)
{
	TAP_NEEDS(ARENA);
	shrunk_from = 16;
	play("shrunk from 16 units", shrink);
	CHECK_EQ(game.extent, bound());
}

TEST(blocks_shrunk_in_place_stay_within_the_bound_of_wide_bins)
{
	TAP_NEEDS(ARENA);
	shrunk_from = 17;
	play("shrunk from 17 units", shrink);
}

/* Whatever the order: here it is left to chance. */
TEST(a_region_of_the_size_of_the_bound_never_refuses)
{
	const size_t m = 100, k = 24, n = 20, u = 24;
	uint32_t chance = (uint32_t)tap_arg("SEED", 1);

	TAP_NEEDS(ARENA);
	start(rig_heap(region((m + (k - 1) * (u - 1)) * HEAP_ALIGN)));
	CHECK(game.h != NULL);
	for (unsigned i = 0; i < 6000; i++) {
		size_t units = 1 + tap_below(&chance, (uint32_t)n);
		unsigned which = tap_below(&chance, (uint32_t)k);

		if (which >= game.blocks) {
			if (game.live + units * HEAP_ALIGN <= m * HEAP_ALIGN)
				CHECK(take(units));
			continue;
		}
		game.live -= chunk_head_size(mem_to_chunk(game.block[which]));
		heap_free(game.h, game.block[which]);
		game.block[which] = game.block[--game.blocks];
	}
	CHECK(game.most <= k);
	tap_diag("chance: %zu of %zu bytes used", game.extent,
		 (m + (k - 1) * (u - 1)) * HEAP_ALIGN);
	rig_check_sound(game.h);
}
