/* SPDX-License-Identifier: MIT */
/*
 * Damage met halfway through an operation: it is told once, and either nothing
 * has changed or the block is served; when the damage is undone, the heap is
 * sound.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)

static struct heap *h;

/* A word of the chunk of block i, broken on purpose. */
static struct {
	size_t *at;
	size_t was;
	unsigned char *arena;
	size_t size;
	uint32_t hash;
} broken;

static void given(const char *plan, unsigned i, size_t word)
{
	broken.arena = rig_arena(&broken.size, MOST);
	h = heap_create(broken.arena, broken.size, &rig_port);
	CHECK(h != NULL);
	rig_lay(h, plan);
	broken.at = (size_t *)mem_to_chunk(rig_block[i]) + word;
	broken.was = *broken.at;
	*broken.at ^= HEAP_ALIGN;
	broken.hash = rig_hash(broken.arena, broken.size);
}

/* The operation was refused, with one fault and not a byte changed. */
static void expect_untouched(void)
{
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.lock_errors, 0);
	CHECK_EQ(rig_hash(broken.arena, broken.size), broken.hash);
}

/*
 * One fault; with the damage undone the heap is sound.  At HEAP_CHECK 3 what
 * succeeds tells of the damage as well.
 */
static void expect_repaired(void)
{
	CHECK(HEAP_CHECK >= 3 ? rig.faults != 0 : rig.faults == 1);
	CHECK_EQ(rig.lock_errors, 0);
	rig.faults = 0;
	*broken.at = broken.was;
	rig_check_sound(h);
}

static void *resize(unsigned i, size_t units)
{
	return heap_resize(h, rig_block[i], rig_units(units));
}

TEST(taking_is_refused_when_the_rest_finds_a_damaged_bin)
{
	RIG_NEEDS_CHECKS;
	given("f5 u2 f3 u2", 2, 2);
	CHECK(heap_alloc(h, rig_units(4)) != NULL);
	CHECK_EQ(rig.faults, HEAP_CHECK >= 3);
	given("u2 f5 u2 f4 u2", 3, 2);
	CHECK(heap_alloc(h, rig_units(1)) == NULL);
	expect_untouched();
	expect_repaired();
}

TEST(freeing_is_refused_when_its_bin_is_damaged)
{
	RIG_NEEDS_CHECKS;
	given("u3 u2 f3 u2", 2, 2);
	heap_free(h, rig_block[0]);
	expect_untouched();
	expect_repaired();
}

TEST(freeing_is_refused_when_the_joint_chunks_bin_is_damaged)
{
	RIG_NEEDS_CHECKS;
	given("u3 f2 u2 f5 u2", 3, 2);
	heap_free(h, rig_block[0]);
	expect_untouched();
	expect_repaired();
	given("f2 u3 u2 f5 u2", 3, 2);
	heap_free(h, rig_block[1]);
	expect_untouched();
	expect_repaired();
}

/*
 * Chunks of 20, 18 and 23 units, in this order in one bin; the link of the
 * last is broken, which what becomes second in the bin runs into.
 */
static void given_a_bin_of_three(void)
{
	static const size_t units[] = {17, 2, 20, 2, 18, 2, 23, 2};
	void *p[8];

	given("u1", 0, 0);
	*broken.at = broken.was;
	for (unsigned i = 0; i < 8; i++)
		p[i] = heap_alloc(h, rig_units(units[i]));
	heap_free(h, p[6]);
	heap_free(h, p[4]);
	heap_free(h, p[0]);
	heap_free(h, p[2]);
	CHECK_PTR_EQ(heap_alloc(h, rig_units(17)), p[0]);
	rig_check_sound(h);
	rig_block[0] = p[3];
	broken.at = (size_t *)mem_to_chunk(p[6]) + 2;
	broken.was = *broken.at;
	*broken.at ^= HEAP_ALIGN;
	broken.hash = rig_hash(broken.arena, broken.size);
}

TEST(what_was_taken_out_goes_back_also_into_the_damaged_bin)
{
	RIG_NEEDS_CHECKS;
	given_a_bin_of_three();
	CHECK(heap_alloc(h, rig_units(1)) == NULL);
	expect_untouched();
	expect_repaired();
	given_a_bin_of_three();
	heap_free(h, rig_block[0]);
	expect_untouched();
	expect_repaired();
}

TEST(freeing_is_refused_when_a_neighbour_is_damaged)
{
	RIG_NEEDS_CHECKS;
	for (size_t word = 1; word <= 2; word++) {
		given("u2 f3 u2", 1, word);
		heap_free(h, rig_block[0]);
		expect_untouched();
		expect_repaired();
		given("u2 f3 u2", 1, word);
		heap_free(h, rig_block[2]);
		expect_untouched();
		expect_repaired();
	}
}

TEST(shrinking_is_refused_when_the_tails_bin_is_damaged)
{
	RIG_NEEDS_CHECKS;
	given("u7 u2 f4 u2", 2, 2);
	CHECK(resize(0, 3) == NULL);
	expect_untouched();
	CHECK(rig_filled(rig_block[0], rig_units(7), 0));
	expect_repaired();
}

TEST(growing_is_refused_when_the_rests_bin_is_damaged)
{
	RIG_NEEDS_CHECKS;
	given("u2 f5 u2 f4 u2", 3, 2);
	CHECK(resize(0, 3) == NULL);
	expect_untouched();
	expect_repaired();
}

TEST(growing_is_refused_when_the_neighbour_is_damaged)
{
	RIG_NEEDS_CHECKS;
	for (size_t word = 1; word <= 2; word++) {
		given("u2 f5 u2", 1, word);
		CHECK(resize(0, 3) == NULL);
		expect_untouched();
		expect_repaired();
		given("u2 f5 u2 u2", 1, word);
		CHECK(resize(2, 3) == NULL);
		expect_untouched();
		expect_repaired();
	}
}

/* A fault ends the call: no other place is taken instead. */
TEST(growing_is_refused_also_when_there_is_room_elsewhere)
{
	RIG_NEEDS_CHECKS;
	given("u2 f9 u2 f3 u2", 1, 1);
	CHECK(resize(0, 3) == NULL);
	expect_untouched();
	expect_repaired();
	given("u2 f9 u2 u2 f3 u2", 1, 1);
	CHECK(resize(2, 3) == NULL);
	expect_untouched();
	expect_repaired();
	given("f9 u2 f5 u2", 2, 1);
	CHECK(resize(1, 4) == NULL);
	expect_untouched();
	expect_repaired();
}

TEST(growing_is_refused_when_the_fence_at_the_top_is_damaged)
{
	RIG_NEEDS_CHECKS;
	given("u2", 0, 0);
	*broken.at = broken.was;
	broken.at = &h->top->head;
	broken.was = *broken.at;
	/* So it is not taken for a used chunk, whose seal would be wrong. */
	*broken.at = CHUNK_PREV_USED;
	broken.hash = rig_hash(broken.arena, broken.size);
	CHECK(resize(0, 4) == NULL);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_HEADER);
	CHECK_EQ(rig.fault.invariant, HEAP_I9);
	CHECK_PTR_EQ(rig.fault.chunk, h->top);
	expect_repaired();
}

TEST(growing_downwards_serves_when_the_rests_bin_is_damaged)
{
	void *p;

	RIG_NEEDS_CHECKS;
	given("u1 f5 u2 u2 f4 u2", 4, 2);
	p = resize(2, 3);
	CHECK_PTR_EQ(p, rig_block[1]);
	CHECK(rig_filled(p, rig_units(2), 2));
	expect_repaired();
	heap_free(h, p);
	rig_check_sound(h);
}

TEST(moving_serves_when_the_old_place_cannot_be_freed)
{
	void *p;

	RIG_NEEDS_CHECKS;
	given("u2 u2 f2 u2", 2, 2);
	p = resize(0, 9);
	CHECK(p != NULL && p != rig_block[0]);
	CHECK(rig_filled(p, rig_units(2), 0));
	expect_repaired();
	heap_free(h, rig_block[0]);
	heap_free(h, p);
	rig_check_sound(h);
}

/*
 * What lies before and behind an aligned block cannot always be freed: it may
 * have the size of a free chunk that is damaged.
 */
TEST(aligning_loses_nothing_to_a_damaged_bin)
{
	char plan[] = "u0 f0 u2";
	unsigned faults = 0;

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 9 * 9 * 2; i++) {
		size_t in_use;
		void *p;

		plan[1] = (char)('1' + i % 9);
		plan[4] = (char)('1' + i / 9 % 9);
		given(plan, 1, plan[4] == '1' ? 1 : 2);
		in_use = rig_stats(h).in_use;
		p = heap_alloc_aligned(h, 16 * HEAP_ALIGN,
				       rig_units(10 + i / 81));
		CHECK(HEAP_CHECK >= 3 || rig.faults <= 1);
		faults += rig.faults;
		rig.faults = 0;
		*broken.at = broken.was;
		rig_check_sound(h);
		/* It was cut from the top, where it can always be put back. */
		if (p == NULL)
			CHECK_EQ(rig_stats(h).in_use, in_use);
		/* What was met was told, and is forgotten. */
		CHECK(resize(0, 9) != NULL);
		CHECK_EQ(rig.faults, 0);
		CHECK(p != NULL || rig_stats(h).in_use >= in_use);
	}
	CHECK(faults > 0);
}

/*
 * Where the room at the top ends is damaged, by which there is any amount: no
 * block reaches out of the heap for all that.
 */
TEST(a_damaged_limit_gives_no_memory_away)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		given("u2", 0, 0);
		*broken.at = broken.was;
		broken.at = (size_t *)&h->limit;
		broken.was = *broken.at;
		*broken.at = (size_t)h->base;
		broken.hash = rig_hash(broken.arena, broken.size);
		CHECK((i == 0 ? heap_alloc(h, 2 * MOST)
			      : heap_resize(h, rig_block[0], 2 * MOST)) ==
		      NULL);
		expect_untouched();
		CHECK_EQ(rig.fault.kind,
			 i == 0 ? HEAP_FAULT_HEADER : HEAP_FAULT_INVARIANT);
		expect_repaired();
	}
}

TEST(a_chunk_that_the_map_has_lost_is_told_by_the_last_resort)
{
	RIG_NEEDS_CHECKS;
	given("f20 u2", 0, 0);
	*broken.at = broken.was;
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	rig_check_sound(h);
	broken.at = &h->bins.map;
	broken.was = *broken.at;
	*broken.at = 0;
	broken.hash = rig_hash(broken.arena, broken.size);
	CHECK(heap_alloc(h, rig_units(20)) == NULL);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
	CHECK_EQ(rig.fault.invariant, HEAP_I7);
	expect_repaired();
}

TEST(a_tiny_chunk_that_is_none_is_not_taken)
{
	RIG_NEEDS_CHECKS;
	given("f1 u2 f5 u2 f5 u2", 0, 0);
	*broken.at = broken.was;
	broken.at = &h->bins.tiny;
	broken.was = *broken.at;
	*broken.at = tiny_head(mem_to_chunk(rig_block[2]));
	broken.hash = rig_hash(broken.arena, broken.size);
	CHECK(heap_alloc(h, 1) == NULL);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
	expect_repaired();
}

/* Not a word is read there: on the host it would be a crash. */
TEST(a_list_of_tiny_chunks_that_leads_out_of_the_heap_is_not_followed)
{
	const size_t nowhere[] = {0, (size_t)0xf0000000u, SIZE_MAX};

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		given("f1 u2 f5 u2 f5 u2", 0, 0);
		*broken.at = broken.was;
		broken.at = &h->bins.tiny;
		broken.was = *broken.at;
		*broken.at = nowhere[i];
		broken.hash = rig_hash(broken.arena, broken.size);
		CHECK(heap_alloc(h, 1) == NULL);
		expect_untouched();
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
		expect_repaired();
	}
}

/* ---- heads that are sealed, and wrong ---------------------------------- */

static void forge(unsigned i, size_t units, size_t flags)
{
	given("u2 f5 u2 u3 u1", 0, 0);
	*broken.at = broken.was;
	rig_forge(mem_to_chunk(rig_block[i]), units * HEAP_ALIGN | flags,
		  h->bins.key);
	broken.hash = rig_hash(broken.arena, broken.size);
}

TEST(a_size_that_leads_out_of_the_heap_is_not_followed)
{
	RIG_NEEDS_CHECKS;
	forge(3, HEAP_CHUNK_MAX / HEAP_ALIGN - 1, CHUNK_USED | CHUNK_PREV_USED);
	heap_free(h, rig_block[3]);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_HEADER);
	forge(1, HEAP_CHUNK_MAX / HEAP_ALIGN - 1, CHUNK_PREV_USED);
	heap_free(h, rig_block[0]);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_HEADER);
}

TEST(a_chunk_that_is_too_small_for_its_bin_is_not_taken)
{
	RIG_NEEDS_CHECKS;
	forge(1, 3, CHUNK_PREV_USED);
	((size_t *)mem_to_chunk(rig_block[1]))[3 * 2 - 1] = 3 * HEAP_ALIGN;
	broken.hash = rig_hash(broken.arena, broken.size);
	CHECK(heap_alloc(h, rig_units(5)) == NULL);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
}

TEST(a_foot_that_leads_past_the_chunk_is_not_believed)
{
	RIG_NEEDS_CHECKS;
	/* Two words below it, the foot of a smaller chunk: sound, elsewhere. */
	given("f5 u2 f3 u2", 0, 0);
	*broken.at = broken.was;
	((size_t *)mem_to_chunk(rig_block[3]))[-1] = 10 * HEAP_ALIGN;
	broken.hash = rig_hash(broken.arena, broken.size);
	heap_free(h, rig_block[3]);
	expect_untouched();
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_NEIGHBOUR);
}
