/* SPDX-License-Identifier: MIT */
/*
 * The heap is filled to the last byte and emptied again, in every order: each
 * time it must be as it was.
 */
#include "rig.h"

#define BLOCKS 96
#define MOST   ((size_t)32 << 10)

static void *block[BLOCKS];
static uint32_t chance;

/* Blocks of up to `largest` bytes, then the gaps, until nothing fits. */
static unsigned fill_up(struct heap *h, size_t largest)
{
	unsigned n = 0;

	while (n < BLOCKS) {
		size_t size = tap_below(&chance, (uint32_t)largest);

		block[n] = heap_alloc(h, size);
		if (block[n] == NULL && largest > 1)
			largest /= 2;
		else if (block[n] == NULL)
			break;
		else
			rig_fill(block[n], size, n), n++;
	}
	return n;
}

enum order { FIRST_IN_FIRST_OUT, LAST_IN_FIRST_OUT, ANY_ORDER, ORDERS };

/* Put the blocks into the order in which they are to be freed. */
static void arrange(unsigned n, enum order order)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned j = i;

		if (order == LAST_IN_FIRST_OUT)
			j = i < n / 2 ? n - 1 - i : i;
		else if (order == ANY_ORDER)
			j = tap_below(&chance, n);

		void *one = block[i];

		block[i] = block[j];
		block[j] = one;
	}
}

static void cycle(struct heap *h, size_t largest, enum order order)
{
	unsigned n = fill_up(h, largest);

	CHECK(n > 2);
	rig_check_sound(h);
	arrange(n, order);
	for (unsigned i = 0; i < n; i++)
		heap_free(h, block[i]);
	rig_check_sound(h);
	CHECK(rig_strangers_untouched());
	CHECK_EQ(rig_stats(h).used_chunks, 0);
	CHECK_EQ(rig_stats(h).in_use, 0);
	rig_let_go(h);
}

/* Every chunk but one a segment has been coalesced, and nothing is lost. */
static void run(struct heap *h, size_t n)
{
	size_t largest = n / 24 > 40 ? n / 24 : 40;

	CHECK(h != NULL);
	chance = (uint32_t)tap_arg("seed", 1) * 2654435769u;
	cycle(h, largest, FIRST_IN_FIRST_OUT);

	size_t taken = rig_stats(h).taken;

	for (unsigned i = 0; i < 6 * ORDERS && !tap_failed(); i++) {
		cycle(h, largest, (enum order)(i % ORDERS));

		struct heap_stats s = rig_stats(h);

		CHECK(s.taken >= taken);
		CHECK(s.free_chunks <= s.segments);
		CHECK_EQ(s.free + s.overhead, s.taken);
	}
}

static size_t arena_bytes(void)
{
	size_t n;

	rig_arena(&n, MOST);
	return n;
}

TEST(an_exhausted_arena_is_one_chunk_again)
{
	struct heap *h = rig_heap(MOST);
	struct heap_stats first = rig_stats(h), last;

	run(h, arena_bytes());
	last = rig_stats(h);
	CHECK_EQ(last.free_chunks, 1);
	CHECK_EQ(last.free, first.free);
	CHECK_EQ(last.largest_free, first.largest_free);
	CHECK(heap_alloc(h, first.largest_free) != NULL);
	rig_check_sound(h);
}

TEST(an_exhausted_heap_that_grew_is_one_chunk_again)
{
	size_t n = arena_bytes();
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	run(h, n);
	CHECK_EQ(rig_stats(h).free_chunks, 1);
	CHECK_EQ(rig_stats(h).segments, 1);
	CHECK(rig_stats(h).taken +
		      (HEAP_GROW != 0 ? HEAP_GROW : HEAP_ALIGN + 1) >
	      n);
	heap_trim(h, 0);
	CHECK_EQ(rig_stats(h).free, 0);
	rig_check_sound(h);
}

TEST(exhaustion_among_strangers_leaves_a_chunk_a_segment)
{
	size_t n = arena_bytes();

	run(rig_growing_heap(MOST, RIG_FOREIGN), n);
}

TEST(exhaustion_of_two_banks_leaves_a_chunk_a_segment)
{
	size_t n = arena_bytes();

	run(rig_growing_heap(MOST, RIG_TURNS), n);
}

TEST(exhaustion_downwards_leaves_a_chunk_a_segment)
{
	size_t n = arena_bytes();

	run(rig_growing_heap(MOST, RIG_DOWN), n);
}

TEST(refusals_are_counted_and_forgotten)
{
	struct heap *h = rig_heap(2048);
	size_t before = rig_stats(h).failures;
	size_t largest = rig_stats(h).largest_free;

	CHECK(heap_alloc(h, largest + 1) == NULL);
	CHECK_EQ(rig_stats(h).failures, before + 1);
	CHECK(heap_alloc(h, largest) != NULL);
	CHECK_EQ(rig_stats(h).failures, before + 1);
	rig_check_sound(h);
}
