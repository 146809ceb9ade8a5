/* SPDX-License-Identifier: MIT */
/*
 * What exactly is told of each damage: kind, invariant, and the chunk that is
 * wrong, with a lock and without one; and that nothing was done.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)3072)

static struct heap *h;
static unsigned char *arena;
static size_t arena_size;

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	rig_port.fault(ctx, fault);
}

static const struct heap_port unlocked = {.fault = on_fault};

/* The words that were changed, and what they were. */
static struct {
	size_t *at;
	size_t was;
} changed[4];
static unsigned changes;
static bool locked;

static void given(const char *plan)
{
	arena = rig_arena(&arena_size, MOST);
	changes = 0;
	h = heap_create(arena, arena_size, locked ? &rig_port : &unlocked);
	CHECK(h != NULL);
	rig_lay(h, plan);
}

static struct chunk *chunk(unsigned i)
{
	return mem_to_chunk(rig_block[i]);
}

/* The word of a chunk at its head; from its end the word -1 is its foot. */
static size_t *word(unsigned i, int n)
{
	return (size_t *)chunk(i) + n;
}

static void change(size_t *at, size_t value)
{
	CHECK(changes < 4);
	changed[changes].at = at;
	changed[changes].was = *at;
	changes++;
	*at = value;
}

/* A used or free head that is right but for what it says. */
static void forge(unsigned i, size_t units, size_t flags)
{
	struct chunk c = *chunk(i);
	size_t forged;

	rig_forge(chunk(i), units * HEAP_ALIGN | flags, h->bins.key);
	forged = chunk(i)->head;
	chunk(i)->head = c.head;
	change(&chunk(i)->head, forged);
}

static void mend(void)
{
	while (changes != 0) {
		changes--;
		*changed[changes].at = changed[changes].was;
	}
	rig.faults = 0;
	rig_check_sound(h);
}

enum call { FREE, RESIZE, USABLE, ALLOC, CALLS };

/* This call is refused and tells this; nothing has changed. */
static void expect(enum call call, void *mem, size_t n,
		   enum heap_fault_kind kind, enum heap_invariant invariant,
		   const void *at)
{
	uint32_t before = rig_hash(arena, arena_size);
	size_t failures = h->failures;

	rig.faults = 0;
	rig.fault = (struct heap_fault){0};
	if (call == FREE)
		heap_free(h, mem);
	else if (call == RESIZE)
		CHECK_PTR_EQ(heap_resize(h, mem, n), NULL);
	else if (call == USABLE)
		CHECK_EQ(heap_usable_size(h, mem), 0);
	else
		CHECK_PTR_EQ(heap_alloc(h, n), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, kind);
	CHECK_EQ(rig.fault.invariant, invariant);
	CHECK_PTR_EQ(rig.fault.chunk, at);
	CHECK_PTR_EQ(rig.fault.mem, mem);
	CHECK_PTR_EQ(rig.fault.heap, h);
	CHECK_EQ(rig.lock_errors, 0);
	CHECK_EQ(rig_hash(arena, arena_size), before);
	CHECK_EQ(h->failures, failures);
}

/* Of all calls that take a block. */
static void expect_no_block(void *mem, enum heap_fault_kind kind,
			    enum heap_invariant invariant, const void *at)
{
	expect(FREE, mem, 0, kind, invariant, at);
	expect(RESIZE, mem, 40, kind, invariant, at);
	expect(RESIZE, mem, 0, kind, invariant, at);
	expect(USABLE, mem, 0, kind, invariant, at);
}

static void expect_free(unsigned i, enum heap_fault_kind kind,
			enum heap_invariant invariant, const void *at)
{
	expect(FREE, rig_block[i], 0, kind, invariant, at);
	mend();
	heap_free(h, rig_block[i]);
	rig_check_sound(h);
}

static void expect_alloc(size_t units, enum heap_fault_kind kind,
			 enum heap_invariant invariant, const void *at)
{
	expect(ALLOC, NULL, rig_units(units), kind, invariant, at);
	mend();
	CHECK(heap_alloc(h, rig_units(units)) != NULL);
	rig_check_sound(h);
}

#define BOTH_WAYS for (unsigned way_ = 0; locked = way_ == 0, way_ < 2; way_++)

/* ---- what is sound --------------------------------------------------------- */

/* The lanes of a head and its address, one after the other. */
static size_t sum_of_lanes(const struct chunk *c)
{
	size_t word_ = c->head ^ (uintptr_t)c, sum = 0;

	for (unsigned at = 0; at < WORD_BITS; at += CHUNK_SEAL_BITS)
		sum ^= word_ >> at;
	return sum << HEAP_CHUNK_BITS;
}

TEST(the_lanes_of_a_block_make_the_key)
{
	locked = false;
	given("u1 u2 f3 u5 u16 f17 u23");
	for (unsigned i = 0; i < 7; i++) {
		size_t units[] = {1, 2, 0, 5, 16, 0, 23};

		if (units[i] == 0)
			continue;
		CHECK_EQ(sum_of_lanes(chunk(i)), h->bins.key);
		CHECK_EQ(chunk(i)->head & (HEAP_CHUNK_MAX - 1),
			 units[i] * HEAP_ALIGN | CHUNK_USED |
				 (i == 3 || i == 6 ? 0 : CHUNK_PREV_USED));
	}
}

/* So that nobody, in an interrupt neither, takes it for a block's. */
TEST(a_head_inside_of_a_joint_chunk_is_nothing)
{
	BOTH_WAYS
	{
		given("f3 u3 u2");
		heap_free(h, rig_block[1]);
		CHECK_EQ(chunk(1)->head, 0);
		given("f3 u3");
		heap_free(h, rig_block[1]);
		CHECK_EQ(chunk(1)->head, 0);
		given("u2 u3");
		heap_reset(h);
		CHECK_EQ(chunk(1)->head, 0);
		rig_check_sound(h);
	}
}

/* ---- what was passed ------------------------------------------------------ */

TEST(a_pointer_that_lies_outside)
{
	BOTH_WAYS
	{
		char *end;

		given("u2 f3 u2");
		expect_no_block((char *)chunk_to_mem(h->base) - HEAP_ALIGN,
				HEAP_FAULT_FOREIGN, HEAP_OK, NULL);
		expect_no_block((char *)chunk_to_mem(h->base) - 1,
				HEAP_FAULT_FOREIGN, HEAP_OK, NULL);
		end = chunk_to_mem(h->limit);
		expect_no_block(end + HEAP_ALIGN, HEAP_FAULT_FOREIGN, HEAP_OK,
				NULL);
		expect_no_block(end + HEAP_ALIGN + 1, HEAP_FAULT_FOREIGN,
				HEAP_OK, NULL);
		expect_no_block(end + 1, HEAP_FAULT_MISALIGNED, HEAP_OK, NULL);
	}
}

TEST(a_pointer_that_is_not_aligned)
{
	BOTH_WAYS
	{
		given("u2 f3 u2");
		for (unsigned i = 1; i < HEAP_ALIGN; i++)
			expect_no_block((char *)rig_block[2] + i,
					HEAP_FAULT_MISALIGNED, HEAP_OK, NULL);
	}
}

TEST(a_pointer_to_what_is_free)
{
	BOTH_WAYS
	{
		given("u2 f3 u2 f1 u2");
		expect_no_block(rig_block[1], HEAP_FAULT_NOT_USED, HEAP_OK,
				chunk(1));
		expect_no_block(rig_block[3], HEAP_FAULT_NOT_USED, HEAP_OK,
				chunk(3));
		expect_no_block(chunk_to_mem(h->top), HEAP_FAULT_NOT_USED,
				HEAP_OK, h->top);
		/* Used, and of no size. */
		forge(2, 0, CHUNK_USED);
		expect_no_block(rig_block[2], HEAP_FAULT_NOT_USED, HEAP_OK,
				chunk(2));
		mend();
	}
}

TEST(a_head_that_is_damaged)
{
	BOTH_WAYS
	{
		given("u2 u3 u2");
		for (unsigned bit = HEAP_CHUNK_BITS; bit < WORD_BITS; bit++) {
			change(word(1, 0), *word(1, 0) ^ (size_t)1 << bit);
			expect_no_block(rig_block[1], HEAP_FAULT_HEADER,
					HEAP_I1, chunk(1));
			mend();
		}
		/* The seal is right, and the end is not in the heap. */
		forge(1, heap_room(h) / HEAP_ALIGN + 6,
		      CHUNK_USED | CHUNK_PREV_USED);
		expect_no_block(rig_block[1], HEAP_FAULT_HEADER, HEAP_I1,
				chunk(1));
		mend();
		forge(1, HEAP_CHUNK_MAX / HEAP_ALIGN - 1,
		      CHUNK_USED | CHUNK_PREV_USED);
		expect_no_block(rig_block[1], HEAP_FAULT_HEADER, HEAP_I1,
				chunk(1));
		mend();
	}
}

TEST(a_next_head_that_is_damaged)
{
	BOTH_WAYS
	{
		given("u2 u3 u2");
		/* Used, and its seal broken. */
		change(word(2, 0), *word(2, 0) ^ (size_t)1 << HEAP_CHUNK_BITS);
		expect_no_block(rig_block[1], HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				chunk(2));
		mend();
		/* Sealed, and it says that what lies before is free. */
		forge(2, 2, CHUNK_USED);
		expect_no_block(rig_block[1], HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				chunk(2));
		mend();
		/* Neither used nor a chunk. */
		change(word(2, 0), 0);
		expect_no_block(rig_block[1], HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				chunk(2));
		mend();
		/* The fence. */
		change(&h->top->head, FENCE ^ CHUNK_FLIP);
		expect_no_block(rig_block[2], HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				h->top);
		mend();
		change(&h->top->head, FENCE | HEAP_ALIGN);
		expect_no_block(rig_block[2], HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				h->top);
		mend();
	}
}

/* ---- what lies below ------------------------------------------------------- */

TEST(a_foot_below_a_block)
{
	BOTH_WAYS
	{
		given("u2 f5 u2 u2");
		/* It leads to another free head than its own. */
		change(word(2, -1), 4 * HEAP_ALIGN);
		change(word(1, 2 * 1), 3 * HEAP_ALIGN | CHUNK_PREV_USED);
		expect(FREE, rig_block[2], 0, HEAP_FAULT_NEIGHBOUR, HEAP_I5,
		       chunk_below(chunk(2), 4 * HEAP_ALIGN));
		mend();
		/* To a used one, of that size. */
		given("u2 u5 u2 f2 u2");
		change(word(4, -1), 4 * HEAP_ALIGN);
		expect_free(4, HEAP_FAULT_NEIGHBOUR, HEAP_I5, chunk(2));
		given("u2 f5 u2 u2");
		/* Out of the heap. */
		change(word(2, -1), 8 * HEAP_ALIGN);
		expect_free(2, HEAP_FAULT_NEIGHBOUR, HEAP_I5,
			    chunk_below(chunk(2), 8 * HEAP_ALIGN));
		given("u2 f5 u2 u2");
		/* Its head has another size. */
		change(word(1, 0), 6 * HEAP_ALIGN | CHUNK_PREV_USED);
		expect_free(2, HEAP_FAULT_NEIGHBOUR, HEAP_I5, chunk(1));
	}
}

TEST(the_links_of_a_chunk_below_a_block)
{
	BOTH_WAYS
	{
		for (int n = 1; n <= 2; n++) {
			given("u2 f5 u2 u2");
			change(word(1, n), *word(1, n) ^ HEAP_ALIGN);
			expect_free(2, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		}
		for (int n = 0; n <= 1; n++) {
			given("u2 f1 u2 u2");
			change(word(1, n), *word(1, n) ^ HEAP_ALIGN);
			expect_free(2, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		}
	}
}

/* ---- what lies behind ------------------------------------------------------ */

TEST(a_free_chunk_behind_a_block)
{
	BOTH_WAYS
	{
		for (int n = 1; n <= 2; n++) {
			given("u2 f5 u2");
			change(word(1, n), *word(1, n) ^ HEAP_ALIGN);
			expect_free(0, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		}
		for (int n = 0; n <= 1; n++) {
			given("u2 f1 u2");
			change(word(1, n), *word(1, n) ^ HEAP_ALIGN);
			expect_free(0, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		}
		given("u2 f5 u2");
		change(word(2, -1), 4 * HEAP_ALIGN);
		expect_free(0, HEAP_FAULT_NEIGHBOUR, HEAP_I5, chunk(1));
		given("u2 f5 u2");
		change(word(1, 0), HEAP_CHUNK_MAX | CHUNK_PREV_USED);
		expect_free(0, HEAP_FAULT_HEADER, HEAP_I1, chunk(1));
	}
}

/* Nowhere, beside a chunk, and where a bin would be if there were more. */
TEST(a_link_back_that_leads_astray)
{
	BOTH_WAYS
	{
		for (unsigned i = 0; i < 5; i++) {
			size_t links[5];

			given("u2 f5 u2 u2");
			links[0] = 0;
			links[1] = HEAP_ALIGN;
			links[2] = (size_t)chunk(0) + 1;
			links[3] = (size_t)bins_dressed(&h->bins, HEAP_BINS);
			links[4] = (size_t)chunk_above(h->limit, HEAP_ALIGN);
			change(word(1, 2), links[i]);
			expect_free(0, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
			given("u2 f5 u2 u2");
			change(word(1, 2), links[i]);
			expect_free(2, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
			given("u2 f5 u2 u2");
			change(word(1, 2), links[i]);
			expect_alloc(5, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		}
	}
}

/* Behind the heads lies the address of the lowest chunk, here a free one. */
TEST(a_link_back_to_the_word_behind_the_bins)
{
	BOTH_WAYS
	{
		given("f5 u2 u2");
		CHECK_PTR_EQ(chunk(0), h->bins.lo);
		change(word(0, 2), (size_t)bins_dressed(&h->bins, HEAP_BINS));
		expect_free(1, HEAP_FAULT_LINK, HEAP_I6, chunk(0));
	}
}

/* With 64 bits the map has room for more bins than there are. */
TEST(a_bit_of_the_map_that_stands_for_no_bin)
{
	BOTH_WAYS
	{
		size_t map;

		given("u2 f5 u2");
		map = h->bins.map;
		for (unsigned bit = HEAP_BINS;
		     WORD_BITS > 32 && bit < WORD_BITS; bit++) {
			void *p;

			h->bins.map = map | (size_t)1 << bit;
			p = heap_alloc(h, rig_units(bit % 2 == 0 ? 6 : 20));
			CHECK(p > rig_block[2]);
			heap_free(h, p);
		}
		h->bins.map = map;
		rig_check_sound(h);
		if (WORD_BITS > 32)
			continue;
		/* And with 32 it leads to a word of the control block. */
		change(&h->bins.map, map | (size_t)1 << HEAP_BINS);
		expect_alloc(6, HEAP_FAULT_LINK, HEAP_I6, h->base);
	}
}

/* Head, foot and links are those of a free chunk of no size. */
TEST(a_fence_that_was_cleared_behind_a_block)
{
	BOTH_WAYS
	{
		given("u2 u3");
		change(word(0, 1), (size_t)h->top);
		change(&h->top->head, CHUNK_PREV_USED);
		change((size_t *)h->top - 1, 0);
		h->top->fwd = NULL;
		h->top->back = chunk(0);
		expect_free(1, HEAP_FAULT_LINK, HEAP_I6, NULL);
	}
}

/* Two of them: the one behind is told, once both were put back. */
TEST(a_chunk_below_is_told_when_the_one_behind_is_sound)
{
	BOTH_WAYS
	{
		given("f4 u2 f6 u2");
		change(word(0, 2), *word(0, 2) ^ HEAP_ALIGN);
		expect_free(1, HEAP_FAULT_LINK, HEAP_I6, chunk(0));
		given("f4 u2 f6 u2");
		change(word(2, 2), *word(2, 2) ^ HEAP_ALIGN);
		expect_free(1, HEAP_FAULT_LINK, HEAP_I6, chunk(2));
		/* Below the top. */
		given("u2 f4 u2");
		change(word(1, 2), *word(1, 2) ^ HEAP_ALIGN);
		expect_free(2, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		given("u2 f1 u2");
		change(word(1, 1), *word(1, 1) ^ HEAP_ALIGN);
		expect_free(2, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
	}
}

/* ---- the bin --------------------------------------------------------------- */

TEST(a_bin_that_a_block_goes_to)
{
	BOTH_WAYS
	{
		given("u4 u2 f4 u2");
		change(word(2, 2), *word(2, 2) ^ HEAP_ALIGN);
		expect_free(0, HEAP_FAULT_LINK, HEAP_I6, NULL);
		given("u1 u2 f1 u2");
		change(word(2, 1), *word(2, 1) ^ HEAP_ALIGN);
		expect_free(0, HEAP_FAULT_LINK, HEAP_I6, NULL);
		/* Joined with what lies below, behind, and both. */
		given("f2 u2 u2 f4 u2");
		change(word(3, 2), *word(3, 2) ^ HEAP_ALIGN);
		expect_free(1, HEAP_FAULT_LINK, HEAP_I6, NULL);
		given("u2 f2 u2 f4 u2");
		change(word(3, 2), *word(3, 2) ^ HEAP_ALIGN);
		expect_free(0, HEAP_FAULT_LINK, HEAP_I6, NULL);
		given("f1 u2 f1 u2 f4 u2");
		change(word(4, 2), *word(4, 2) ^ HEAP_ALIGN);
		expect_free(1, HEAP_FAULT_LINK, HEAP_I6, NULL);
	}
}

/* ---- what is taken --------------------------------------------------------- */

TEST(a_chunk_that_is_to_be_taken)
{
	BOTH_WAYS
	{
		/* Its link back, or the one that lies in front of it. */
		given("u2 f5 u2");
		change(word(1, 2), *word(1, 2) ^ HEAP_ALIGN);
		expect_alloc(5, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		given("u2 f5 u2");
		change(word(1, 1), (size_t)chunk(0));
		expect_alloc(5, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		given("u2 f5 u2");
		change(word(2, -1), 4 * HEAP_ALIGN);
		expect_alloc(5, HEAP_FAULT_NEIGHBOUR, HEAP_I5, chunk(1));
		given("u2 f5 u2");
		change(word(1, 0), HEAP_CHUNK_MAX | CHUNK_PREV_USED);
		expect_alloc(5, HEAP_FAULT_HEADER, HEAP_I1, chunk(1));
		given("u2 f5 u2");
		change(word(1, 0), *word(1, 0) | CHUNK_USED);
		expect_alloc(5, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		/* Where the bin begins. */
		given("u2 f5 u2");
		change((size_t *)&h->bins.head[5 - 2], (size_t)chunk(1) + 1);
		expect_alloc(5, HEAP_FAULT_LINK, HEAP_I6, (char *)chunk(1) + 1);
		given("u2 f5 u2");
		change((size_t *)&h->bins.head[5 - 2],
		       (size_t)chunk_above(h->limit, HEAP_ALIGN));
		expect_alloc(5, HEAP_FAULT_LINK, HEAP_I6,
			     chunk_above(h->limit, HEAP_ALIGN));
	}
}

TEST(a_tiny_chunk_that_is_to_be_taken)
{
	BOTH_WAYS
	{
		given("f1 u2 f1 u2 f1 u2");
		/* The last one freed is the first. */
		for (int n = 0; n <= 1; n++) {
			change(word(4, n), *word(4, n) ^ HEAP_ALIGN);
			expect(ALLOC, NULL, 1, HEAP_FAULT_LINK, HEAP_I6,
			       chunk(4));
			mend();
		}
		/* The second does not lead back to it. */
		change(word(2, 1), *word(2, 1) ^ HEAP_ALIGN);
		expect(ALLOC, NULL, 1, HEAP_FAULT_LINK, HEAP_I6, chunk(4));
		mend();
		CHECK_PTR_EQ(heap_alloc(h, 1), rig_block[4]);
		CHECK_PTR_EQ(heap_alloc(h, 1), rig_block[2]);
		CHECK_PTR_EQ(heap_alloc(h, 1), rig_block[0]);
		rig_check_sound(h);
	}
}

/* The rest would go to a bin that is damaged. */
TEST(a_bin_that_a_rest_goes_to)
{
	BOTH_WAYS
	{
		given("u2 f5 u2 f3 u2");
		change(word(3, 2), *word(3, 2) ^ HEAP_ALIGN);
		/* The smaller one is damaged, and would serve. */
		expect(ALLOC, NULL, rig_units(3), HEAP_FAULT_LINK, HEAP_I6,
		       chunk(3));
		mend();
		given("u2 f9 u2 f4 u2");
		change(word(3, 2), *word(3, 2) ^ HEAP_ALIGN);
		expect(ALLOC, NULL, rig_units(5), HEAP_FAULT_LINK, HEAP_I6,
		       NULL);
		mend();
		given("u2 f9 u2 f1 u2");
		change(word(3, 1), *word(3, 1) ^ HEAP_ALIGN);
		expect_alloc(8, HEAP_FAULT_LINK, HEAP_I6, NULL);
	}
}

/* ---- the last resort -------------------------------------------------------- */

static void *far_block[2];

/* One bin of several sizes, and nothing else: 17 units in front of 23. */
static void given_a_bin_of_two(void)
{
	given("u2");
	far_block[0] = heap_alloc(h, rig_units(23));
	CHECK(heap_alloc(h, 0) != NULL);
	far_block[1] = heap_alloc(h, rig_units(17));
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	heap_free(h, far_block[0]);
	heap_free(h, far_block[1]);
	rig_check_sound(h);
}

static void expect_resort(size_t units, enum heap_invariant invariant,
			  const void *at)
{
	expect(ALLOC, NULL, rig_units(units), HEAP_FAULT_LINK, invariant, at);
	mend();
}

TEST(what_the_last_resort_meets)
{
	BOTH_WAYS
	{
		struct chunk *large, *small;

		given_a_bin_of_two();
		large = mem_to_chunk(far_block[0]);
		small = mem_to_chunk(far_block[1]);
		/* The map does not know it. */
		change(&h->bins.map, 0);
		expect_resort(17, HEAP_I7, small);
		change(&h->bins.map, 0);
		expect_resort(20, HEAP_I7, large);
		change(&h->bins.map, 0);
		change((size_t *)&small->back, (size_t)small);
		expect_resort(20, HEAP_I6, small);
		change(&h->bins.map, 0);
		change((size_t *)&large->back, (size_t)large);
		expect_resort(20, HEAP_I6, large);
		change(&h->bins.map, 0);
		change((size_t *)&small->fwd, (size_t)small + 1);
		expect_resort(20, HEAP_I6, (char *)small + 1);
		/* None is large enough: a refusal, and no fault. */
		CHECK_PTR_EQ(heap_alloc(h, rig_units(24)), NULL);
		CHECK_EQ(rig.faults, 0);
		CHECK_EQ(h->failures, 1);
		CHECK_PTR_EQ(heap_alloc(h, rig_units(23)), far_block[0]);
		rig_check_sound(h);
	}
}

/* Chunks of 17 units, more than are searched, in front of one of 23. */
static void given_a_deep_bin(void)
{
	void *small[HEAP_SEARCH];

	given("u2");
	far_block[0] = heap_alloc(h, rig_units(23));
	CHECK(heap_alloc(h, 0) != NULL);
	for (unsigned i = 0; i < HEAP_SEARCH; i++) {
		small[i] = heap_alloc(h, rig_units(17));
		CHECK(heap_alloc(h, 0) != NULL);
	}
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	heap_free(h, far_block[0]);
	for (unsigned i = 0; i < HEAP_SEARCH; i++)
		heap_free(h, small[i]);
	rig_check_sound(h);
}

TEST(a_damaged_top_is_told_before_the_last_resort)
{
	BOTH_WAYS
	{
		given_a_deep_bin();
		change(&h->top->head, 0);
		expect(ALLOC, NULL, rig_units(20), HEAP_FAULT_HEADER, HEAP_I9,
		       h->top);
		mend();
		CHECK_PTR_EQ(heap_alloc(h, rig_units(20)), far_block[0]);
		rig_check_sound(h);
	}
}

/* A bin of one size has been looked at: what the map has lost is not seen. */
TEST(there_is_no_last_resort_where_a_bin_has_one_size)
{
	BOTH_WAYS
	{
		for (unsigned i = 0; i < 2; i++) {
			const size_t units = i == 0 ? 16 : 13;

			given("u2 f16 u2");
			CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
			change(&h->bins.map, 0);
			CHECK_PTR_EQ(heap_alloc(h, rig_units(units)), NULL);
			CHECK_EQ(rig.faults, 0);
			CHECK_EQ(h->failures, 1);
			mend();
			CHECK_PTR_EQ(heap_alloc(h, rig_units(units)),
				     rig_block[1]);
		}
	}
}

/* What is told is what is wrong with it, if anything. */
TEST(a_list_of_tiny_chunks_that_leads_to_another)
{
	BOTH_WAYS
	{
		given("f1 u2 f5 u2");
		change(&h->bins.tiny, tiny_head(chunk(2)));
		expect(ALLOC, NULL, 1, HEAP_FAULT_LINK, HEAP_I6, chunk(2));
		change(word(3, -1), 4 * HEAP_ALIGN);
		expect(ALLOC, NULL, 1, HEAP_FAULT_NEIGHBOUR, HEAP_I5, chunk(2));
		mend();
		change(&h->bins.tiny, tiny_head(chunk(1)));
		expect(ALLOC, NULL, 1, HEAP_FAULT_LINK, HEAP_I6, chunk(1));
		mend();
	}
}

/* ---- the end of an older segment ------------------------------------------- */

/* A free chunk of 5, and blocks up to the end; and another segment. */
static void given_older(const size_t *units, size_t n)
{
	size_t all = 0, blocks = RIG_BLOCKS - n;

	arena = rig_arena(&arena_size, MOST);
	changes = 0;
	h = heap_create(arena, 2048, locked ? &rig_port : &unlocked);
	CHECK(h != NULL);
	rig_lay(h, "u2 u5 u2");
	for (size_t i = 0; i < n; i++)
		all += units[i] * HEAP_ALIGN;
	CHECK(heap_alloc(h, heap_room(h) - all - WORD_SIZE) != NULL);
	for (size_t i = 0; i < n; i++) {
		rig_block[blocks + i] = heap_alloc(h, rig_units(units[i]));
		CHECK(rig_block[blocks + i] != NULL);
	}
	CHECK_EQ(heap_room(h), 0);
	heap_free(h, rig_block[1]);
	heap_attach(h, (uintptr_t)arena + 2100, 500);
	CHECK_EQ(h->older, 1);
	rig_check_sound(h);
}

TEST(the_last_block_of_an_older_segment)
{
	const unsigned last = RIG_BLOCKS - 1;

	BOTH_WAYS
	{
		static const size_t alone[] = {5}, behind[] = {2, 3},
				    tiny[] = {1, 4};
		const size_t *const blocks[] = {alone, behind, tiny};

		for (unsigned i = 0; i < 3; i++) {
			size_t in_use;

			given_older(blocks[i], i == 0 ? 1 : 2);
			if (i != 0)
				heap_free(h, rig_block[last - 1]);
			rig_check_sound(h);
			in_use = heap_in_use(h);
			change(word(1, 2), *word(1, 2) ^ HEAP_ALIGN);
			expect(FREE, rig_block[last], 0, HEAP_FAULT_LINK,
			       HEAP_I6, NULL);
			CHECK_EQ(heap_in_use(h), in_use);
			mend();
			heap_free(h, rig_block[last]);
			CHECK_EQ(heap_in_use(h),
				 in_use - (5 - (i == 0 ? 0 : blocks[i][0])) *
						  HEAP_ALIGN);
			rig_check_sound(h);
			CHECK_PTR_EQ(heap_alloc(h, rig_units(5)),
				     rig_block[i == 0 ? last : last - 1]);
		}
		/* What lies below it is damaged itself. */
		given_older(behind, 2);
		heap_free(h, rig_block[last - 1]);
		change(word(last - 1, 2), *word(last - 1, 2) ^ HEAP_ALIGN);
		expect_free(last, HEAP_FAULT_LINK, HEAP_I6, chunk(last - 1));
		given_older(tiny, 2);
		heap_free(h, rig_block[last - 1]);
		change(word(last - 1, 1), *word(last - 1, 1) ^ HEAP_ALIGN);
		expect_free(last, HEAP_FAULT_LINK, HEAP_I6, chunk(last - 1));
		/* Its fence says that it is free. */
		given_older(alone, 1);
		change(word(last, 5 * 2), FENCE ^ CHUNK_FLIP);
		expect_free(last, HEAP_FAULT_NEIGHBOUR, HEAP_I4,
			    chunk_above(chunk(last), 5 * HEAP_ALIGN));
	}
}
