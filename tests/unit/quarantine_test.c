/* SPDX-License-Identifier: MIT */
/*
 * The debug profile: what is held, how it is counted, what resize makes of it,
 * also while interrupts free.  heap-debug.a only.
 */
#include "heap_pending.h"
#include "rig.h"
#include "state.h"

#if HEAP_CHECK >= 3

#define MOST ((size_t)(WORD_SIZE == 4 ? 3072 : 4608))

/* Two addresses that stand for code. */
static const char maker, breaker;

static struct heap *h;

static unsigned char *born(size_t n)
{
	return heap_alloc_from(h, n, &maker);
}

static void dies(void *p)
{
	heap_free_from(h, p, &breaker);
}

static bool is_held(const void *p)
{
	return heap_debug_is_held(h, mem_to_chunk(p));
}

/* ---- the quarantine ----------------------------------------------------- */

TEST(the_last_blocks_freed_are_held_and_no_others)
{
	enum { BLOCKS = HEAP_QUARANTINE + 3 };
	void *p[BLOCKS];

	h = rig_heap(MOST);
	/* The ring begins at another place each time. */
	for (unsigned round = 0; round <= HEAP_QUARANTINE; round++) {
		for (unsigned i = 0; i < BLOCKS; i++)
			CHECK((p[i] = born(1)) != NULL);
		rig_let_go(h);
		for (unsigned i = 0; i < BLOCKS; i++) {
			dies(p[i]);
			for (unsigned j = 0; j <= i; j++)
				CHECK_EQ(is_held(p[j]),
					 j + HEAP_QUARANTINE > i);
		}
		CHECK_EQ(rig_stats(h).used_chunks, 0);
		rig_check_sound(h);
	}
}

TEST(a_block_that_is_held_alone_makes_way_for_a_request)
{
	h = rig_heap(MOST);
	size_t most = rig_stats(h).largest_free;
	void *p = born(most);

	dies(p);
	CHECK(is_held(p));
	CHECK_PTR_EQ(born(most), p);
	CHECK_EQ(rig_stats(h).failures, 0);
	rig_check_sound(h);
}

/* What a chunk of `size` bytes serves. */
static unsigned char *born_of(size_t size)
{
	return born(heap_debug_fits(size - WORD_SIZE));
}

TEST(no_more_bytes_are_held_than_may_be)
{
	const size_t most = HEAP_QUARANTINE_BYTES;
	unsigned char *p, *q, *r;

	TAP_NEEDS(most + 2048);
	h = rig_heap(most + 2048);
	p = born_of(most + HEAP_ALIGN);
	CHECK(p != NULL);
	dies(p);
	/* Too large: free again at once. */
	CHECK(!is_held(p));
	CHECK_EQ(rig_stats(h).used_chunks, 0);
	CHECK_EQ(rig_stats(h).free_chunks, 1);
	p = born_of(most);
	q = born(1);
	dies(p);
	CHECK(is_held(p));
	dies(q);
	CHECK(!is_held(p) && is_held(q));
	rig_let_go(h);
	p = born_of(most / 2);
	q = born_of(most / 2);
	r = born(1);
	dies(p);
	dies(q);
	CHECK(is_held(p) && is_held(q));
	dies(r);
	CHECK(!is_held(p) && is_held(q) && is_held(r));
	rig_let_go(h);
	CHECK(!is_held(q) && !is_held(r));
	CHECK_EQ(rig_stats(h).free_chunks, 1);
	rig_check_sound(h);
}

/* The held blocks p, q and r, of which the first is damaged, or where it is noted. */
static void damage_first(unsigned what, unsigned char *p, size_t trailer)
{
	if (what == 1)
		p[trailer] ^= 1;
	else if (what == 2)
		h->debug.held[h->debug.first] = NULL;
	else if (what == 3)
		mem_to_chunk(p)->head ^= HEAP_ALIGN;
	else
		p[0] ^= 1;
}

TEST(a_damaged_block_is_let_go_and_the_others_are_held_on)
{
	static const enum heap_fault_kind kinds[] = {
		HEAP_FAULT_FREED, HEAP_FAULT_GUARD, HEAP_FAULT_FOREIGN,
		HEAP_FAULT_HEADER};

	for (unsigned what = 0; what < 4; what++) {
		h = rig_heap(MOST);
		unsigned char *p = born(8), *q = born(30), *r = born(100);
		size_t trailer =
			chunk_head_size(mem_to_chunk(p)) - 2 * WORD_SIZE;
		size_t used;

		CHECK(born(1) != NULL);
		used = rig_stats(h).in_use;
		dies(p);
		dies(q);
		dies(r);
		damage_first(what, p, trailer);
		rig_let_go(h);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, kinds[what]);
		CHECK(is_held(q) && is_held(r));
		rig.faults = 0;
		/* Else slices would go on telling of the head. */
		if (what == 3)
			damage_first(what, p, trailer);
		/* Figures are right, and the rest can go. */
		rig_let_go(h);
		CHECK(!is_held(q) && !is_held(r));
		CHECK_EQ(h->debug.bytes, 0);
		CHECK_EQ(rig_stats(h).peak, used);
		CHECK_EQ(rig.faults, 0);
		dies(born(9));
		CHECK_EQ(rig.faults, 0);
	}
}

/* What is held on is counted anew, as far as it can be. */
TEST(a_held_block_whose_trailer_was_written_to_is_told_of_once)
{
	h = rig_heap(MOST);
	unsigned char *p = born(8);
	size_t end = chunk_head_size(mem_to_chunk(p)) - WORD_SIZE;

	CHECK(born(8) != NULL);
	dies(p);
	p[end - WORD_SIZE] ^= 1;
	rig_let_go(h);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_GUARD);
	for (unsigned i = 0; i < 20; i++)
		dies(born(300));
	CHECK_EQ(rig.faults, 1);
	rig.faults = 0;
	rig_check_sound(h);
}

TEST(a_ring_that_leads_to_a_live_block_leaves_it_alone)
{
	h = rig_heap(MOST);
	unsigned char *p = born(8), *q = born(8);

	dies(p);
	h->debug.held[h->debug.first] = mem_to_chunk(q);
	rig_let_go(h);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_GUARD);
	CHECK_EQ(heap_usable_size(h, q), 8);
	dies(q);
	CHECK_EQ(rig.faults, 1);
}

TEST(two_damaged_blocks_are_let_go_one_after_the_other)
{
	for (unsigned what = 0; what < 2; what++) {
		h = rig_heap(MOST);
		unsigned char *p = born(8), *q = born(30), *r = born(100);
		size_t trailer =
			chunk_head_size(mem_to_chunk(q)) - 2 * WORD_SIZE;

		CHECK(born(1) != NULL);
		dies(p);
		dies(q);
		dies(r);
		p[0] ^= 1;
		if (what == 0)
			q[trailer] ^= 1;
		else
			h->debug.held[h->debug.first + 1] = NULL;
		rig_let_go(h);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
		CHECK_EQ(h->debug.bytes, chunk_head_size(mem_to_chunk(r)));
		rig_let_go(h);
		CHECK_EQ(rig.fault.kind,
			 what == 0 ? HEAP_FAULT_GUARD : HEAP_FAULT_FOREIGN);
		CHECK_EQ(rig.faults, 2);
		CHECK(is_held(r));
		rig.faults = 0;
		rig_let_go(h);
		CHECK(!is_held(r));
		CHECK_EQ(h->debug.bytes, 0);
		dies(born(9));
		CHECK_EQ(rig.faults, 0);
	}
}

/* What was held once, and is again, is counted once. */
TEST(a_ring_that_has_gone_round_is_counted_right)
{
	unsigned char *p, *oldest = NULL;

	h = rig_heap(MOST);
	for (unsigned i = 0; i < 5 * HEAP_QUARANTINE; i++) {
		p = born(1);
		CHECK(p != NULL);
		dies(p);
		if (i == 4 * HEAP_QUARANTINE)
			oldest = p;
	}
	CHECK(is_held(oldest));
	oldest[0] ^= 1;
	rig_let_go(h);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(h->debug.bytes,
		 h->debug.count * chunk_head_size(mem_to_chunk(oldest)));
	rig.faults = 0;
	rig_let_go(h);
	CHECK_EQ(h->debug.count, 0);
	CHECK_EQ(h->debug.bytes, 0);
	rig_check_sound(h);
}

TEST(what_a_ring_has_held_before_is_not_counted)
{
	enum { SLOTS = HEAP_QUARANTINE + 1 };
	unsigned char *p[SLOTS], *again = NULL, *other = NULL;
	struct chunk *stale;

	h = rig_heap(MOST);
	for (unsigned i = 0; i < SLOTS; i++)
		CHECK((p[i] = born(1)) != NULL);
	for (unsigned i = 0; i < SLOTS; i++)
		dies(p[i]);
	rig_let_go(h);
	/* Behind the next two places of the ring is a block of them. */
	stale = h->debug.held[(h->debug.first + 2) % SLOTS];
	for (unsigned i = 0; i < SLOTS; i++) {
		CHECK((p[i] = born(1)) != NULL);
		if (mem_to_chunk(p[i]) == stale)
			again = p[i];
		else
			other = p[i];
	}
	CHECK(again != NULL);
	dies(other);
	dies(again);
	other[0] ^= 1;
	rig_let_go(h);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(h->debug.bytes, chunk_head_size(mem_to_chunk(again)));
}

TEST(nothing_else_is_let_go_after_damage)
{
	const size_t most = HEAP_QUARANTINE_BYTES;
	unsigned char *p, *q, *r;

	TAP_NEEDS(most * 3 / 2 + 1024);
	h = rig_heap(most * 3 / 2 + 1024);
	p = born(1);
	q = born_of(most / 2);
	r = born_of(most * 3 / 4);
	CHECK(r != NULL);
	dies(p);
	dies(q);
	p[0] ^= 1;
	dies(r);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(p));
	CHECK(is_held(q) && is_held(r));
	rig.faults = 0;
	rig_let_go(h);
	rig_check_sound(h);
}

TEST(a_ring_that_does_not_add_up_is_told_once)
{
	for (unsigned what = 0; what < 4; what++) {
		h = rig_heap(MOST);
		unsigned char *p = born(8), *q = born(8);

		if (what != 0)
			dies(p);
		if (what == 0)
			h->debug.bytes = 64;
		else if (what == 1)
			h->debug.bytes = 0;
		else if (what == 2)
			h->debug.first = HEAP_QUARANTINE + 1;
		else
			h->debug.count = HEAP_QUARANTINE + 1;
		dies(q);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
		CHECK_EQ(rig.fault.invariant, HEAP_I10);
		rig.faults = 0;
		/* Nothing is held now. */
		CHECK_EQ(h->debug.first, 0);
		CHECK_EQ(h->debug.count, 0);
		CHECK_EQ(h->debug.bytes, 0);
		rig_let_go(h);
		dies(born(8));
		CHECK_EQ(rig.faults, 0);
	}
}

TEST(a_request_that_meets_damage_when_it_lets_go_is_refused)
{
	h = rig_heap(MOST);
	size_t most = rig_stats(h).largest_free;
	unsigned char *p = born(8), *q = born(most / 2);

	dies(q);
	dies(p);
	q[1] ^= 2;
	CHECK_PTR_EQ(born(most * 3 / 4), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(q));
	CHECK_PTR_EQ(rig.fault.freed_by, &breaker);
	CHECK_EQ(rig_stats(h).failures, 0);
	CHECK(is_held(p));

	/* Also when there would be room by now. */
	h = rig_heap(MOST);
	q = born(8);
	p = born(most / 2);
	dies(p);
	dies(q);
	q[1] ^= 2;
	CHECK_PTR_EQ(born(most * 3 / 4), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(q));
	CHECK(!is_held(p));
	rig.faults = 0;
	CHECK(born(most * 3 / 4) != NULL);
	rig_check_sound(h);
}

/* p cannot be freed for what lies behind it; r could be. */
TEST(a_request_that_cannot_let_go_of_a_block_is_refused)
{
	h = rig_heap(MOST);
	size_t most = rig_stats(h).largest_free;
	unsigned char *p = born(20), *q = born(20), *r;
	struct chunk *fwd;

	CHECK(born(8) != NULL);
	dies(q);
	rig_let_go(h);
	r = born(most / 2);
	dies(p);
	dies(r);
	fwd = mem_to_chunk(q)->fwd;
	mem_to_chunk(q)->fwd = mem_to_chunk(q);
	CHECK_PTR_EQ(born(most / 2), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
	CHECK(is_held(r));
	mem_to_chunk(q)->fwd = fwd;
}

/* ---- figures ------------------------------------------------------------ */

TEST(what_is_held_is_no_peak)
{
	enum { BLOCKS = 6 };
	static unsigned char *p[BLOCKS];
	uint32_t seed = (uint32_t)tap_arg("seed", 5);
	size_t peak = 0;

	h = rig_heap(MOST);
	for (unsigned i = 0; i < BLOCKS; i++)
		p[i] = NULL;
	for (unsigned round = 0; round < 400; round++) {
		unsigned i = tap_below(&seed, BLOCKS);
		size_t n = tap_below(&seed, 180), before = rig_stats(h).in_use;
		size_t used = before;
		void *q;

		if (p[i] == NULL) {
			p[i] = n % 3 == 0 ? heap_alloc_aligned(h, 64, n)
					  : born(n);
		} else if (n % 2 == 0) {
			dies(p[i]);
			p[i] = NULL;
		} else {
			q = heap_resize_from(h, p[i], n, &maker);
			/* While it is copied both are in use. */
			if (q != NULL && q != p[i])
				used += chunk_head_size(mem_to_chunk(q));
			p[i] = q != NULL ? q : p[i];
		}
		if (rig_stats(h).in_use > used)
			used = rig_stats(h).in_use;
		if (used > peak)
			peak = used;
		CHECK_EQ(rig_stats(h).peak, peak);
	}
	rig_check_sound(h);
}

/* ---- resize ------------------------------------------------------------- */

TEST(what_a_block_grows_into_is_looked_at)
{
	for (unsigned where = 0; where < 2; where++) {
		h = rig_heap(MOST);
		size_t most = rig_stats(h).largest_free, n = most * 2 / 3;
		unsigned char *p = born(n), *end;
		unsigned char *from =
			(unsigned char *)chunk_next(mem_to_chunk(p));

		rig_fill(p, n, 7);
		end = (unsigned char *)h->limit;
		/* The first and the last byte of what nobody had. */
		if (where == 0)
			from[3 * WORD_SIZE] ^= 1;
		else
			end[-(ptrdiff_t)WORD_SIZE - 1] ^= 1;
		CHECK_PTR_EQ(heap_resize_from(h, p, most, &breaker), NULL);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
		CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(p));
		CHECK_PTR_EQ(rig.fault.caller, &breaker);
		rig.faults = 0;
		/* The block is as it was, and ends where it did. */
		CHECK_EQ(heap_usable_size(h, p), n);
		CHECK(rig_filled(p, n, 7));
		CHECK_PTR_EQ(heap_debug_allocator(h, mem_to_chunk(p)), &maker);
		rig_check_sound(h);
		p[n] ^= 1;
		CHECK_EQ(heap_check(h, NULL), HEAP_I10);
	}
}

TEST(what_a_block_does_not_need_any_more_is_free_and_filled)
{
	for (size_t to = 1; to < 200; to += 9) {
		h = rig_heap(MOST);
		unsigned char *p = born(200), *q;
		size_t before = rig_stats(h).free, size;

		CHECK(born(1) != NULL);
		before = rig_stats(h).free;
		size = chunk_head_size(mem_to_chunk(p));
		rig_fill(p, 200, 4);
		CHECK_PTR_EQ(heap_resize_from(h, p, to, &maker), p);
		CHECK(rig_filled(p, to, 4));
		CHECK_EQ(rig_stats(h).free,
			 before + size - heap_debug_size_for(to));
		rig_check_sound(h);
		/* Into what is free now, and what was not filled. */
		q = heap_resize_from(h, p, to + 1, &maker);
		CHECK(q != NULL && rig_filled(q, to, 4) && q[to] == 0xcd);
		rig_check_sound(h);
	}
}

/* Served, but its old place is free without having been held. */
TEST(a_resize_is_served_though_the_ring_is_damaged)
{
	unsigned char *p, *q;

	h = rig_heap(MOST);
	p = born(20);
	rig_fill(p, 20, 6);
	h->debug.bytes = 1;
	q = heap_resize_from(h, p, 200, &breaker);
	CHECK(q != NULL && q != p && rig_filled(q, 20, 6));
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
	CHECK_PTR_EQ(rig.fault.mem, p);
	CHECK_PTR_EQ(rig.fault.caller, &breaker);
	rig.faults = 0;
	CHECK(!is_held(p));
	CHECK_EQ(rig_stats(h).used_chunks, 1);
	q = heap_resize(h, q, 10);
	q = heap_resize(h, q, 200);
	CHECK(q != NULL && heap_alloc_aligned(h, 64, 1) != NULL);
	CHECK_EQ(rig_stats(h).failures, 0);
	rig_check_sound(h);
}

/* What is cut off would be joined to what is damaged. */
TEST(a_block_is_not_cut_where_what_follows_is_damaged)
{
	h = rig_heap(MOST);
	unsigned char *p = born(200), *q = born(300);
	struct chunk *next = mem_to_chunk(q), *fwd;

	CHECK(born(8) != NULL);
	rig_fill(p, 200, 6);
	dies(q);
	rig_let_go(h);
	fwd = next->fwd;
	next->fwd = next;
	CHECK_PTR_EQ(heap_resize_from(h, p, 8, &breaker), NULL);
	rig_check_fault(HEAP_FAULT_LINK, p);
	next->fwd = fwd;
	CHECK_EQ(heap_usable_size(h, p), 200);
	CHECK(rig_filled(p, 200, 6));
	rig_check_sound(h);
}

/* Of a block larger than `size` behind which that many more end at `align`. */
static size_t bytes_up_to(size_t align, size_t size)
{
	uintptr_t after;
	size_t n = 0;

	do
		after = (uintptr_t)chunk_to_mem(h->top) +
			heap_debug_size_for(++n) + size;
	while (after % align != 0 || heap_debug_size_for(n) <= size);
	return n;
}

/* A chunk of this size is free; another is about to lie before a block. */
TEST(an_aligned_block_that_cannot_be_carved_leaves_nothing_behind)
{
	h = rig_heap(MOST);
	const size_t align = 32 * HEAP_ALIGN, size = heap_debug_size_for(8);
	unsigned char *p = born(8), *hole;
	struct heap_stats before;
	struct chunk *back;
	size_t n;

	CHECK(born(8) != NULL);
	dies(p);
	rig_let_go(h);
	/* [ p ]..[pad][ size . the block . . ], where it is about to be. */
	n = bytes_up_to(align, size);
	CHECK(born(n) != NULL);
	hole = born_of(size + align - HEAP_ALIGN);
	CHECK(hole != NULL && born(100) != NULL);
	dies(hole);
	rig_let_go(h);
	before = rig_stats(h);
	back = mem_to_chunk(p)->back;
	mem_to_chunk(p)->back = NULL;
	CHECK_PTR_EQ(heap_alloc_aligned_from(h, align, 8, &breaker), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
	CHECK_PTR_EQ(rig.fault.caller, &breaker);
	rig.faults = 0;
	mem_to_chunk(p)->back = back;
	CHECK_EQ(rig_stats(h).used_chunks, before.used_chunks);
	CHECK_EQ(rig_stats(h).free_chunks, before.free_chunks);
	CHECK_EQ(rig_stats(h).failures, 0);
	rig_check_sound(h);
	p = heap_alloc_aligned(h, align, 8);
	CHECK_PTR_EQ(p, hole + size);
	rig_check_sound(h);
}

TEST(what_was_taken_to_be_carved_in_vain_is_no_peak)
{
	h = rig_heap(MOST);
	const size_t align = 32 * HEAP_ALIGN, size = heap_debug_size_for(8);
	unsigned char *p = born(8);
	size_t n, peak;

	CHECK(born(8) != NULL);
	dies(p);
	rig_let_go(h);
	/* What lies before the block at the top goes where p was. */
	n = bytes_up_to(align, size);
	CHECK(born(n) != NULL);
	peak = rig_stats(h).peak;
	mem_to_chunk(p)->back = NULL;
	CHECK_PTR_EQ(heap_alloc_aligned(h, align, 8), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig_stats(h).peak, peak);
}

TEST(an_empty_block_that_moves_is_fresh)
{
	h = rig_heap(MOST);
	unsigned char *p = born(0), *q = heap_resize(h, p, 60);

	CHECK(q != p);
	for (unsigned i = 0; i < 60; i++)
		CHECK_EQ(q[i], 0xcd);
}

/* ---- interrupts --------------------------------------------------------- */

static struct heap_pending pending;
static struct heap_port late_port;
static unsigned char *victim;
static unsigned edges; /* of the lock, until the interrupt comes */

static void late_free(void *p)
{
	rig.in_isr = true;
	heap_free(h, p);
	rig.in_isr = false;
}

/* An interrupt comes when the lock is let go of while some are pending. */
static void unlock_and_free(void *ctx, uintptr_t state)
{
	unsigned char *p = victim;

	rig_port.unlock(ctx, state);
	if (p == NULL || pending.rest == 0 || edges-- != 0)
		return;
	victim = NULL;
	late_free(p);
}

/* Fill a heap with blocks, then free all but the first in an interrupt.  Bytes
 * that others, or all together, could have. */
static unsigned char *all_but_one_pending(size_t most, size_t first,
					  size_t *rest, size_t *all)
{
	static unsigned char *p[80];
	unsigned n = 0;
	size_t bytes;
	void *mem = rig_arena(&bytes, most);

	late_port = rig_port;
	late_port.unlock = unlock_and_free;
	late_port.pending = &pending;
	pending = (struct heap_pending){.calls = &heap_pending_calls,
					.swap = heap_swap};
	victim = NULL;
	h = heap_create(mem, bytes, &late_port);
	*all = rig_stats(h).largest_free;
	p[n++] = born(first);
	*rest = rig_stats(h).largest_free;
	while (n < 80 && (p[n] = born(20)) != NULL)
		n++;
	for (unsigned i = 1; i < n; i++)
		late_free(p[i]);
	rig_fill(p[0], 20, 3);
	return p[0];
}

TEST(a_resize_waits_for_all_that_is_pending_before_it_is_refused)
{
	size_t rest, all;
	unsigned char *p = all_but_one_pending(MOST, 20, &rest, &all), *q;

	q = heap_resize_from(h, p, rest, &maker);
	CHECK(q != NULL && q != p);
	CHECK(rig_filled(q, 20, 3));
	CHECK_EQ(heap_usable_size(h, q), rest);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(a_block_that_ends_while_a_resize_waits_is_told)
{
	size_t rest, all;

	for (unsigned when = 0; when < 8; when++) {
		unsigned char *p = all_but_one_pending(MOST, 20, &rest, &all);

		victim = p;
		edges = when;
		CHECK_PTR_EQ(heap_resize_from(h, p, all, &maker), NULL);
		CHECK(victim == NULL);
		rig_check_fault(HEAP_FAULT_NOT_USED, p);
		for (unsigned i = 0; i < 80; i++)
			heap_usable_size(h, NULL);
		CHECK(born(all) != NULL);
		rig_check_sound(h);
		heap_destroy(h);
	}
}

/* It is free at once, and so is room for the request: the last to be drained. */
TEST(a_block_too_large_to_be_held_that_ends_meanwhile_is_told)
{
	const size_t most = HEAP_QUARANTINE_BYTES;
	size_t rest, all;

	TAP_NEEDS(most + 2048);
	for (unsigned when = 0; when < 8; when++) {
		unsigned char *p =
			all_but_one_pending(most + 2048, most, &rest, &all);
		size_t failures = rig_stats(h).failures;

		victim = p;
		edges = when;
		CHECK_PTR_EQ(heap_resize_from(h, p, all, &maker), NULL);
		CHECK(victim == NULL);
		rig_check_fault(HEAP_FAULT_NOT_USED, p);
		CHECK_EQ(rig_stats(h).failures, failures);
		heap_destroy(h);
	}
}

TEST(what_a_small_block_is_linked_by_is_no_overrun)
{
	size_t rest, all;
	unsigned char *p = all_but_one_pending(MOST, 20, &rest, &all);

	for (size_t n = 0; n < 2 * WORD_SIZE; n++) {
		p = heap_resize(h, p, n + 1);
		p = heap_resize(h, p, n == 0 ? 1 : n);
		CHECK(p != NULL);
		late_free(p);
		p = born(n);
		CHECK(p != NULL);
		late_free(p);
		CHECK_EQ(rig.faults, 0);
		p = born(n);
		CHECK(p != NULL);
		rig_check_sound(h);
		/* The first byte behind, and behind the link. */
		p[n < WORD_SIZE ? WORD_SIZE : n] ^= 1;
		CHECK_EQ(heap_check(h, NULL), HEAP_I10);
		p[n < WORD_SIZE ? WORD_SIZE : n] ^= 1;
	}
	rig_check_sound(h);
	heap_destroy(h);
}

#endif
