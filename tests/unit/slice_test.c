/* SPDX-License-Identifier: MIT */
/*
 * The debug profile's tour: a slice of the heap is checked at the end of each
 * call, so that any damage is told by a call that has nothing to do with it, a
 * known number of calls later.  heap-debug.a only.
 */
#include "rig.h"
#include "state.h"

#if HEAP_CHECK >= 3

#define MOST  ((size_t)6144)
#define STEPS 128

static const char maker, breaker;

static struct heap *h;

/* Where a tour comes by: chunks and fences, of the newest segment first. */
static struct chunk *step[STEPS];
static unsigned steps, older_from;

static void add_steps(struct chunk *c, struct chunk *fence)
{
	for (; c != fence && steps < STEPS - 1; c = chunk_next(c))
		step[steps++] = c;
	step[steps++] = fence;
}

static struct segment *older(void)
{
	return (struct segment *)h->base - 1;
}

/* Two segments, of used chunks and some that are free. */
static void given(void)
{
	void *p[STEPS];
	unsigned n = 0;

	h = rig_growing_heap(MOST, RIG_FOREIGN);
	while (h->older == 0 && n < STEPS - 8)
		p[n++] = heap_alloc_from(h, 8, &maker);
	for (unsigned i = 0; i < 8; i++)
		p[n++] = heap_alloc_from(h, 8, &maker);
	CHECK(p[n - 1] != NULL);
	CHECK_EQ(h->older, 1);
	for (unsigned i = 2; i < n - 1; i += 4)
		heap_free_from(h, p[i], &breaker);
	rig_let_go(h);
	steps = 0;
	add_steps(h->base, h->top);
	older_from = steps;
	add_steps(older()->base, older()->fence);
	CHECK(older_from > 5 && steps > older_from + HEAP_SLICE);
	rig_check_sound(h);
}

/* The next call that checks begins a tour. */
static void begin(void)
{
	h->debug.at = NULL;
	h->debug.waited = 0;
	rig.faults = 0;
}

/* A call that looks at no chunk itself. */
static void call(void)
{
	heap_trim(h, SIZE_MAX);
}

/* Calls until a fault is told. */
static unsigned wait(void)
{
	unsigned calls = 0;

	while (rig.faults == 0 && calls < 2 * STEPS * HEAP_SLICE_EVERY) {
		call();
		calls++;
	}
	return calls;
}

/* What is broken is told when a tour has made so many steps. */
static void expect(unsigned at, enum heap_invariant invariant,
		   const struct chunk *bad)
{
	CHECK_EQ(wait(), (at / HEAP_SLICE + 1) * HEAP_SLICE_EVERY);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
	CHECK_EQ(rig.fault.invariant, invariant);
	CHECK_PTR_EQ(rig.fault.chunk, bad);
	CHECK_EQ(rig.lock_errors, 0);
	begin();
}

static size_t *words(struct chunk *c)
{
	return (size_t *)(void *)c;
}

static size_t *foot(struct chunk *c)
{
	return words(chunk_next(c)) - 1;
}

/* Behind step `at`: a chunk that is used, or free, between two used ones. */
static unsigned find(unsigned at, bool used)
{
	for (at++; at + 2 < steps; at++)
		if (chunk_is_used(step[at]) == used &&
		    chunk_is_used(step[at - 1]) &&
		    chunk_is_used(step[at + 1]) && !chunk_is_fence(step[at]) &&
		    !chunk_is_fence(step[at - 1]) &&
		    !chunk_is_fence(step[at + 1]))
			return at;
	return 0;
}

/* In the newer segment, or the older. */
static unsigned find_in(unsigned segment, bool used)
{
	return find(segment == 0 ? 0 : older_from, used);
}

TEST(every_chunk_and_fence_is_looked_at_in_its_turn)
{
	given();
	for (unsigned i = 0; i < steps; i++) {
		struct chunk *c = step[i];
		bool fence = chunk_is_fence(c), used = chunk_is_used(c);
		size_t *at = used ? words(c) : foot(c), was = *at;

		*at ^= used && !fence ? (size_t)1 << (WORD_BITS - 1)
				      : HEAP_ALIGN;
		begin();
		expect(i, fence ? HEAP_I9 : used ? HEAP_I1 : HEAP_I5, c);
		*at = was;
	}
	rig_check_sound(h);
}

/* Its neighbours in the list may be looked at before it. */
TEST(the_links_of_every_free_chunk_are_looked_at)
{
	given();
	for (unsigned i = 0; i < 2 * steps; i++) {
		size_t *at = words(step[i / 2]) + 1 + i % 2;

		if (chunk_is_used(step[i / 2]))
			continue;
		*at ^= HEAP_ALIGN;
		begin();
		CHECK(wait() <= (i / 2 / HEAP_SLICE + 1) * HEAP_SLICE_EVERY);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.invariant, HEAP_I6);
		*at ^= HEAP_ALIGN;
	}
	rig.faults = 0;
	rig_check_sound(h);
}

TEST(a_sound_heap_is_toured_again_and_again_in_silence)
{
	given();
	for (unsigned i = 0; i < 3 * steps; i++)
		call();
	rig_check_sound(h);
	/* After whole tours the first chunk has its turn again. */
	begin();
	for (unsigned i = 0; i < (steps + HEAP_SLICE - 1) / HEAP_SLICE; i++)
		call();
	CHECK_PTR_EQ(h->debug.at, NULL);
	step[0]->head ^= (size_t)1 << (WORD_BITS - 1);
	CHECK_EQ(wait(), 1);
	CHECK_PTR_EQ(rig.fault.chunk, step[0]);
}

TEST(a_size_that_leads_out_of_the_segment_is_met_in_its_turn)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned at;

		given();
		at = find_in(i, true);
		begin();
		rig_forge(step[at],
			  (HEAP_CHUNK_MAX - HEAP_ALIGN) | CHUNK_USED |
				  CHUNK_PREV_USED,
			  h->bins.key);
		expect(at, HEAP_I2, step[at]);
	}
}

TEST(a_flag_of_the_next_chunk_is_met_by_the_one_before)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned at;

		given();
		at = find_in(i / 2, i % 2 == 0);
		begin();
		chunk_flip_prev_used(step[at + 1]);
		expect(at, HEAP_I4, step[at + 1]);
		chunk_flip_prev_used(step[at + 1]);
		rig_check_sound(h);
	}
}

TEST(a_foot_and_the_fill_of_a_free_chunk_are_met_in_their_turn)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned at;

		given();
		at = find_in(i, false);
		begin();
		*foot(step[at]) ^= HEAP_ALIGN;
		expect(at, HEAP_I5, step[at]);
		*foot(step[at]) ^= HEAP_ALIGN;
		words(step[at])[3] ^= 1;
		expect(at, HEAP_I10, step[at]);
		words(step[at])[3] ^= 1;
		rig_check_sound(h);
	}
}

TEST(a_guard_and_a_trailer_are_met_in_their_turn)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned at;

		given();
		at = find_in(i, true);
		begin();
		((unsigned char *)chunk_to_mem(step[at]))[8] ^= 1;
		expect(at, HEAP_I10, step[at]);
		((unsigned char *)chunk_to_mem(step[at]))[8] ^= 1;
		foot(step[at])[-2] ^= 1;
		expect(at, HEAP_I10, step[at]);
		foot(step[at])[-2] ^= 1;
		rig_check_sound(h);
	}
}

TEST(a_held_block_that_was_written_to_is_met_in_its_turn)
{
	unsigned at;
	unsigned char *p;

	given();
	at = find_in(0, true);
	p = chunk_to_mem(step[at]);
	heap_free_from(h, p, &breaker);
	p[3] ^= 1;
	begin();
	/* A trim would let go of it. */
	for (unsigned i = 0; i <= at / HEAP_SLICE * HEAP_SLICE_EVERY; i++) {
		CHECK_EQ(rig.faults, 0);
		CHECK_EQ(heap_usable_size(h, chunk_to_mem(step[at - 1])), 8);
	}
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.invariant, HEAP_I10);
	CHECK_PTR_EQ(rig.fault.chunk, step[at]);
	CHECK_PTR_EQ(rig.fault.freed_by, &breaker);
}

/* Its links and its neighbours are right, but it should be part of the top. */
TEST(a_free_chunk_below_the_top_is_met_in_its_turn)
{
	struct chunk *top, *last;
	unsigned at;
	size_t was;

	given();
	at = find_in(0, false);
	top = h->top;
	last = step[at + 1];
	was = last->head;
	h->top = last;
	last->head = FENCE ^ CHUNK_FLIP;
	begin();
	expect(at, HEAP_I3, last);
	last->head = was;
	h->top = top;
	rig_check_sound(h);
}

TEST(a_descriptor_and_the_control_block_are_looked_at)
{
	given();
	begin();
	older()->check ^= 1;
	expect(older_from - 1, HEAP_I8, h->base);
	older()->check ^= 1;
	/* That at each call. */
	h->check ^= 1;
	expect(0, HEAP_I8, NULL);
	h->check ^= 1;
	rig_check_sound(h);
}

/* It begins anew, and comes by again. */
TEST(what_is_not_mended_is_told_once_a_tour)
{
	unsigned at;

	given();
	at = find_in(1, true);
	CHECK(at >= HEAP_SLICE);
	begin();
	((unsigned char *)chunk_to_mem(step[at]))[8] ^= 1;
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(wait(), (at / HEAP_SLICE + 1) * HEAP_SLICE_EVERY);
		CHECK_EQ(rig.faults, 1);
		rig.faults = 0;
	}
}

TEST(a_tour_goes_through_all_segments)
{
	const struct segment *oldest;
	unsigned at, first;
	void *p;

	given();
	p = chunk_to_mem(older()->base);
	/* Two of them are older now. */
	while (h->older == 1 && heap_alloc_from(h, 40, &maker) != NULL)
		continue;
	CHECK_EQ(h->older, 2);
	oldest = (const struct segment *)older()->base - 1;
	steps = 0;
	add_steps(h->base, h->top);
	add_steps(older()->base, older()->fence);
	first = steps;
	add_steps(oldest->base, oldest->fence);
	CHECK_PTR_EQ(oldest->base, mem_to_chunk(p));
	at = find(first, true);
	CHECK(at > first);
	rig_check_sound(h);
	begin();
	((unsigned char *)chunk_to_mem(step[at]))[8] ^= 1;
	expect(at, HEAP_I10, step[at]);
}

/* ---- the tour's own words ------------------------------------------------- */

/* They may be damaged too: it begins anew, and reads nothing else meanwhile. */
TEST(a_tour_that_was_led_astray_begins_anew)
{
	given();

	const struct chunk *const nowhere[] = {
		(const struct chunk *)WORD_SIZE,
		(const struct chunk *)(SIZE_MAX - 4 * HEAP_ALIGN + 1 +
				       WORD_SIZE),
		(const struct chunk *)((uintptr_t)h->base + 1),
		older()->base,
		h->top,
	};
	enum { PLACES = sizeof(nowhere) / sizeof(nowhere[0]) };

	for (unsigned i = 0; i < PLACES * PLACES * PLACES; i++) {
		begin();
		h->debug.at = nowhere[i % PLACES];
		h->debug.base = nowhere[i / PLACES % PLACES];
		h->debug.fence = nowhere[i / PLACES / PLACES];
		h->debug.older = i % 3;
		call();
		CHECK_EQ(rig.faults, 0);
	}
	/* And all is found by the tour after it. */
	h->debug.at = nowhere[1];
	step[steps - 2]->head ^= (size_t)1 << (WORD_BITS - 1);
	CHECK(wait() <= (steps / HEAP_SLICE + 2) * HEAP_SLICE_EVERY);
	CHECK_EQ(rig.faults, 1);
}

/* A call that begins a tour, and lets go of nothing that is held. */
static void begin_at(unsigned at)
{
	begin();
	h->debug.base = at > older_from ? older()->base : h->base;
	h->debug.fence = at > older_from ? older()->fence : NULL;
	h->debug.older = at > older_from;
	h->debug.segments = h->older;
	h->debug.at = step[at];
}

/* Behind a free chunk that it is joined with when it is let go. */
static unsigned hold_behind_a_free_one(unsigned segment)
{
	unsigned at = find_in(segment, false) + 1;

	heap_free_from(h, chunk_to_mem(step[at]), &breaker);
	return at;
}

TEST(a_tour_goes_on_when_its_place_became_part_of_another_chunk)
{
	const struct chunk *c;
	unsigned at;

	given();
	at = hold_behind_a_free_one(1);
	begin_at(at);
	rig_let_go(h);
	CHECK_EQ(rig.faults, 0);
	c = step[at - 1];
	CHECK(!chunk_is_used(c));
	for (unsigned i = 0; i < HEAP_SLICE && c != older()->fence; i++)
		c = chunk_next(c);
	CHECK_PTR_EQ(h->debug.at, c);
	rig_check_sound(h);
}

TEST(a_tour_goes_on_where_it_was_when_others_are_joined)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned at;

		/* Before its place, or behind. */
		given();
		hold_behind_a_free_one(i);
		at = i == 0 ? older_from + 2 : 0;
		begin_at(at);
		while (!chunk_is_used(step[at]))
			at++;
		((unsigned char *)chunk_to_mem(step[at]))[8] ^= 1;
		rig_let_go(h);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.invariant, HEAP_I10);
		CHECK_PTR_EQ(rig.fault.chunk, step[at]);
	}
}

#endif
