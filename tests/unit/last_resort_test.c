/* SPDX-License-Identifier: MIT */
/*
 * When the port gives no more: the search that goes further than usual, and
 * the control words that would lead astray.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)6144)

/* Free chunks of several sizes in one bin: the large one comes last. */
static struct heap *given_one_behind(unsigned small)
{
	struct heap *h = rig_heap(MOST);
	void *large = heap_alloc(h, rig_units(23)), *gap[12], *block[12];
	struct heap_stats stats;

	heap_alloc(h, 0);
	for (unsigned i = 0; i < small; i++) {
		block[i] = heap_alloc(h, rig_units(17));
		gap[i] = heap_alloc(h, 0);
	}
	/* The rest of the arena is taken: nothing but the bin is left. */
	heap_stats(h, &stats);
	if (heap_alloc(h, stats.largest_free) == NULL || gap[0] == NULL)
		return NULL;
	heap_free(h, large);
	for (unsigned i = 0; i < small; i++)
		heap_free(h, block[i]);
	return h;
}

TEST(a_chunk_behind_many_too_small_ones_is_found_in_the_end)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	TAP_NEEDS(MOST);
	for (unsigned small = 1; small <= HEAP_SEARCH + 4; small++) {
		struct heap *h = given_one_behind(small);

		CHECK(h != NULL);
		CHECK(heap_alloc(h, rig_units(20)) != NULL);
		CHECK_EQ(rig_stats(h).failures, 0);
		CHECK(heap_alloc(h, rig_units(20)) == NULL);
		CHECK_EQ(rig_stats(h).failures, 1);
		rig_check_sound(h);
	}
}

TEST(the_last_resort_does_not_follow_a_damaged_link)
{
	struct heap *h;
	struct chunk *c;

	RIG_NEEDS_CHECKS;
	RIG_NEEDS_PLAIN_BLOCKS;
	TAP_NEEDS(MOST);
	h = given_one_behind(HEAP_SEARCH + 2);
	CHECK(h != NULL);
	c = heap_bins_first(&h->bins, bin_of(17 * HEAP_ALIGN));
	for (unsigned i = 0; i < HEAP_SEARCH; i++)
		c = c->fwd;
	c->fwd = (struct chunk *)HEAP_ALIGN;
	CHECK(heap_alloc(h, rig_units(20)) == NULL);
	rig_check_fault(HEAP_FAULT_LINK, NULL);
}

TEST(a_top_that_leads_astray_is_not_followed)
{
	static size_t elsewhere[64];
	struct heap *h;

	RIG_NEEDS_CHECKS;
	h = rig_heap(MOST);
	CHECK(h != NULL);
	h->top = (struct chunk *)&elsewhere[1];
	CHECK(heap_alloc(h, 1) == NULL);
	rig_check_fault(HEAP_FAULT_HEADER, NULL);
	CHECK_EQ(elsewhere[1], 0);

	h = rig_growing_heap(MOST, RIG_ADJOIN);
	CHECK(heap_alloc(h, 1) != NULL);
	h->top = NULL;
	CHECK(heap_alloc(h, 1) == NULL);
	rig_check_fault(HEAP_FAULT_HEADER, NULL);

	/* No memory yet, and a limit as if there were: the top is not read. */
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	h->limit = (struct chunk *)(UINTPTR_MAX / 2);
	CHECK(heap_alloc(h, 1) != NULL);
	rig_check_sound(h);
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	h->top = (struct chunk *)UINTPTR_MAX;
	h->limit = (struct chunk *)(UINTPTR_MAX / 2);
	CHECK(heap_alloc(h, 1) == NULL);

	h = rig_heap(MOST);
	CHECK(h != NULL);
	h->top->head ^= HEAP_ALIGN;
	CHECK(heap_alloc(h, 1) == NULL);
	rig_check_fault(HEAP_FAULT_HEADER, NULL);

	h = rig_heap(MOST);
	CHECK(h != NULL);
	h->limit = (struct chunk *)&elsewhere[63];
	CHECK(heap_alloc(h, MOST) == NULL);
}

TEST(reset_is_refused_when_the_segments_are_lost)
{
	struct heap *h;

	RIG_NEEDS_CHECKS;
	h = rig_heap(MOST);
	CHECK(h != NULL);
	CHECK(heap_alloc(h, 100) != NULL);
	h->base = chunk_above(h->base, HEAP_ALIGN);
	heap_reset(h);
	rig_check_fault(HEAP_FAULT_INVARIANT, NULL);
	CHECK_EQ(rig_stats(h).in_use, 0);
}

/* So that a request has a bound, what lies further behind is not found. */
TEST(the_last_resort_has_an_end)
{
	enum { SMALL = HEAP_LAST_RESORT + 1 };
	static void *block[SMALL];
	struct heap *h;
	void *large;
	const size_t most =
		(size_t)(SMALL * 20 + 40) * HEAP_ALIGN + sizeof(struct heap);

	RIG_NEEDS_PLAIN_BLOCKS;
	TAP_NEEDS(most);
	for (unsigned small = SMALL - 3; small <= SMALL - 1; small++) {
		h = rig_heap(most);
		large = heap_alloc(h, rig_units(23));
		heap_alloc(h, 0);
		for (unsigned i = 0; i < small; i++) {
			block[i] = heap_alloc(h, rig_units(17));
			CHECK(block[i] != NULL && heap_alloc(h, 0) != NULL);
		}
		while (heap_alloc(h, rig_units(24)) != NULL)
			continue;
		while (heap_alloc(h, 0) != NULL)
			continue;
		heap_free(h, large);
		for (unsigned i = 0; i < small; i++)
			heap_free(h, block[i]);
		CHECK((heap_alloc(h, rig_units(20)) != NULL) ==
		      (small < HEAP_LAST_RESORT));
		rig_check_sound(h);
	}
}
