/* SPDX-License-Identifier: MIT */
/* Read-only tours and the figures drawn from them. */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)

static struct tour {
	struct heap_chunk chunk[24];
	unsigned visited;
	unsigned stop_after;
} tour;

static bool note(void *ctx, const struct heap_chunk *chunk)
{
	struct tour *t = ctx;

	t->chunk[t->visited % 24] = *chunk;
	t->visited++;
	return t->visited != t->stop_after;
}

static bool walk(struct heap *h, unsigned stop_after)
{
	tour = (struct tour){.stop_after = stop_after};
	return heap_walk(h, note, &tour);
}

TEST(a_walk_meets_every_chunk_in_order_of_address)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);

	rig_lay(h, "u2 f3 u1 f1 u4");
	CHECK(walk(h, 0));
	CHECK_EQ(tour.visited, 6);
	for (unsigned i = 0; i < 5; i++)
		CHECK_PTR_EQ(tour.chunk[i].mem, rig_block[i]);
	for (unsigned i = 0; i < 5; i++)
		CHECK_PTR_EQ((uintptr_t)tour.chunk[i].mem + tour.chunk[i].size,
			     tour.chunk[i + 1].mem);
	CHECK_EQ(tour.chunk[1].state, HEAP_CHUNK_FREE);
	CHECK_EQ(tour.chunk[4].state, HEAP_CHUNK_USED);
	CHECK_EQ(tour.chunk[5].state, HEAP_CHUNK_TOP);
	rig_check_sound(h);
}

TEST(a_walk_tells_where_the_next_block_will_lie)
{
	struct heap *h = rig_heap(MOST);

	CHECK(walk(h, 0));
	CHECK_EQ(tour.visited, 1);
	CHECK_PTR_EQ(heap_alloc(h, 1), tour.chunk[0].mem);
}

TEST(a_walk_stops_where_it_is_told_to)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);

	rig_lay(h, "u2 f3 u1 f1 u4");
	for (unsigned i = 1; i <= 6; i++) {
		CHECK(!walk(h, i));
		CHECK_EQ(tour.visited, i);
		CHECK(!rig.locked);
	}
	CHECK(walk(h, 7));
	rig_check_sound(h);
}

TEST(a_walk_of_an_empty_heap_meets_nothing)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	CHECK(walk(h, 0));
	CHECK_EQ(tour.visited, 0);
}

TEST(a_walk_meets_the_newest_segment_first)
{
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);
	void *p = heap_alloc(h, 2 * HEAP_GROW / 3);
	void *q = heap_alloc(h, 2 * HEAP_GROW / 3);

	CHECK(p != NULL && q != NULL);
	CHECK(walk(h, 0));
	CHECK_EQ(rig_stats(h).segments, 2);
	CHECK_PTR_EQ(tour.chunk[0].mem, q);
	CHECK_EQ(tour.chunk[1].state, HEAP_CHUNK_TOP);
	CHECK_PTR_EQ(tour.chunk[2].mem, p);
	CHECK_EQ(tour.chunk[3].state, HEAP_CHUNK_FREE);
	CHECK_EQ(tour.visited, 4);
	rig_check_sound(h);
}

/* Whatever the head says: the walk ends, and says that it saw not all. */
TEST(damage_ends_a_walk)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	static const size_t sizes[] = {0, 100 * HEAP_ALIGN,
				       HEAP_CHUNK_MAX - HEAP_ALIGN};

	for (unsigned i = 0; i < 3; i++) {
		struct heap *h = rig_heap(2048);

		rig_lay(h, "u2 u3 u1");
		rig_forge(mem_to_chunk(rig_block[1]),
			  sizes[i] | CHUNK_USED | CHUNK_PREV_USED, 0);
		CHECK(!walk(h, 0));
		CHECK_EQ(tour.visited, 1);
		CHECK_EQ(rig_stats(h).used_chunks, 1);
	}
}

TEST(damage_of_an_older_segment_ends_a_walk)
{
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);
	void *p = heap_alloc(h, 2 * HEAP_GROW / 3);

	CHECK(p != NULL);
	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	mem_to_chunk(p)->head = CHUNK_USED;
	CHECK(!walk(h, 0));
	CHECK_EQ(tour.visited, 2);
}

TEST(a_walk_can_be_stopped_at_the_top)
{
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);

	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	CHECK(!walk(h, 2));
	CHECK_EQ(tour.visited, 2);
	CHECK_EQ(tour.chunk[1].state, HEAP_CHUNK_TOP);
}

TEST(a_damaged_descriptor_ends_a_walk)
{
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);

	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	((struct segment *)h->base)[-1].check ^= 1;
	CHECK(!walk(h, 0));
	CHECK_EQ(tour.visited, 2);
}

/* These say where there is anything to walk. */
TEST(a_heap_whose_ends_are_damaged_is_not_walked)
{
	for (unsigned i = 0; i < 3; i++) {
		struct heap *h = rig_heap(MOST);

		CHECK(heap_alloc(h, 24) != NULL);
		if (i == 0)
			h->top = chunk_below(h->base, HEAP_ALIGN);
		else if (i == 1)
			h->top = chunk_above(h->limit, HEAP_ALIGN);
		else
			h->check ^= 1;
		CHECK(!walk(h, 0));
		CHECK_EQ(tour.visited, 0);
		CHECK_EQ(rig_stats(h).in_use, 0);
	}
}

TEST(a_heap_that_is_full_is_walked_without_its_top)
{
	struct heap *h = rig_heap(MOST);

	RIG_NEEDS_PLAIN_BLOCKS;
	CHECK(heap_alloc(h, 24) != NULL);
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	CHECK(walk(h, 0));
	CHECK_EQ(tour.visited, 2);
	CHECK_EQ(rig_stats(h).used_chunks, 2);
}

/* ---- figures ----------------------------------------------------------- */

TEST(the_figures_of_a_heap_are_those_of_its_map)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);
	size_t free = rig_stats(h).free;
	struct heap_stats s;

	rig_lay(h, "u2 f3 u1 f1 u4");
	s = rig_stats(h);
	CHECK_EQ(s.in_use, 7 * HEAP_ALIGN);
	CHECK_EQ(s.free, free - 7 * HEAP_ALIGN);
	CHECK_EQ(s.peak, HEAP_STATS == 0 ? 0 : 11 * HEAP_ALIGN);
	CHECK_EQ(s.used_chunks, 3);
	CHECK_EQ(s.free_chunks, 3);
	CHECK_EQ(s.segments, 1);
	CHECK_EQ(s.failures, 0);
	CHECK_EQ(s.taken, s.in_use + s.free + s.overhead);
	CHECK_EQ(s.largest_free, free - 11 * HEAP_ALIGN - WORD_SIZE);
}

TEST(the_figures_of_a_heap_without_memory_are_0)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	struct heap_stats s;

	rig.refuse = true;
	CHECK(heap_alloc(h, 1) == NULL);
	rig_fill(&s, sizeof(s), 7);
	heap_stats(h, &s);
	CHECK_EQ(s.failures, 1);
	CHECK_EQ(s.segments, 0);
	CHECK_EQ(s.taken + s.in_use + s.peak + s.free + s.overhead, 0);
	CHECK_EQ(s.used_chunks + s.free_chunks + s.largest_free, 0);
}

TEST(the_largest_free_block_can_be_had)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	static const char *const plans[] = {"u2 f9 u1 f20 u4",
					    "u2 f20 u1 f9 u4"};

	for (unsigned i = 0; i < 2; i++) {
		struct heap *h = rig_heap(MOST);
		size_t n;

		rig_lay(h, plans[i]);
		while ((n = rig_stats(h).largest_free) != 0) {
			CHECK(heap_alloc(h, n + 1) == NULL);
			CHECK(heap_alloc(h, n) != NULL);
			rig_check_sound(h);
		}
		CHECK(heap_alloc(h, 0) == NULL);
		CHECK_EQ(rig_stats(h).free, 0);
		CHECK_EQ(rig_stats(h).free_chunks, 0);
	}
}

TEST(the_peak_is_the_most_that_ever_was_in_use)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);
	void *p;

	if (HEAP_STATS == 0)
		SKIP("HEAP_STATS is 0");
	rig_lay(h, "u2 f9 u1");
	CHECK_EQ(rig_stats(h).peak, 12 * HEAP_ALIGN);
	p = heap_alloc(h, rig_units(30));
	CHECK_EQ(rig_stats(h).peak, 33 * HEAP_ALIGN);
	heap_free(h, p);
	p = heap_alloc(h, rig_units(9));
	p = heap_resize(h, p, rig_units(10));
	CHECK(p != NULL);
	CHECK_EQ(rig_stats(h).peak, 33 * HEAP_ALIGN);
	CHECK_EQ(rig_stats(h).in_use, 13 * HEAP_ALIGN);
}

/* A block that grows swallows the whole free chunk, and cuts it down again. */
TEST(growing_into_memory_that_was_never_used_raises_the_peak_by_as_much)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);
	void *p = heap_alloc(h, HEAP_GROW / 2);

	if (HEAP_STATS == 0)
		SKIP("HEAP_STATS is 0");
	/* In another segment, so that all behind p is one free chunk. */
	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	CHECK_EQ(rig_stats(h).segments, 2);
	CHECK_PTR_EQ(heap_resize(h, p, HEAP_GROW / 2 + 4 * HEAP_ALIGN), p);
	CHECK_EQ(rig_stats(h).peak, rig_stats(h).in_use);
	rig_check_sound(h);
}

TEST(aligning_raises_the_peak_by_the_block_alone)
{
	struct heap *h = rig_heap(MOST);

	if (HEAP_STATS == 0)
		SKIP("HEAP_STATS is 0");
	CHECK(heap_alloc_aligned(h, 32 * HEAP_ALIGN, 10) != NULL);
	CHECK_EQ(rig_stats(h).peak, rig_stats(h).in_use);
	rig_check_sound(h);
}

TEST(a_peak_is_told_where_one_is_kept_and_else_0)
{
	struct heap *h = rig_heap(MOST);

	heap_free(h, heap_alloc(h, 24));
	CHECK(heap_alloc_aligned(h, 32 * HEAP_ALIGN, 10) != NULL);
	CHECK_EQ(rig_stats(h).peak != 0, HEAP_STATS != 0);
}

static uintptr_t lock_seen, unlocks;

static uintptr_t other_lock(void *ctx)
{
	return (uintptr_t)ctx;
}

static void other_unlock(void *ctx, uintptr_t state)
{
	lock_seen = state ^ (uintptr_t)ctx;
	unlocks++;
}

static uintptr_t other_seed(void *ctx)
{
	return (uintptr_t)ctx + 1;
}

TEST(every_callback_gets_the_context)
{
	size_t n;
	void *arena = rig_arena(&n, MOST);
	const struct heap_port port = {
		.ctx = &tour,
		.lock = other_lock,
		.unlock = other_unlock,
		.seed = other_seed,
	};
	struct heap *h = heap_create(arena, n, &port);

	lock_seen = 1;
	unlocks = 0;
	CHECK(heap_alloc(h, 1) != NULL);
	CHECK_EQ(lock_seen, 0);
	CHECK_EQ(unlocks, 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(the_seed_changes_the_seals)
{
	size_t n, head[2];
	void *arena = rig_arena(&n, MOST);
	struct heap_port port = {.seed = other_seed};

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		struct heap *h;

		port.ctx = (void *)(uintptr_t)(i * 1001);
		h = heap_create(arena, n, &port);
		head[i] = mem_to_chunk(heap_alloc(h, 1))->head;
		CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	}
	CHECK(head[0] != head[1]);
	CHECK_EQ(head[0] & (HEAP_CHUNK_MAX - 1),
		 head[1] & (HEAP_CHUNK_MAX - 1));
}
