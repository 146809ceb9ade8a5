/* SPDX-License-Identifier: MIT */
/* The debug profile: what it finds, and whom it names.  heap-debug.a only. */
#include "rig.h"
#include "state.h"

#if HEAP_CHECK >= 3

#define MOST ((size_t)3072)

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

/* One fault of this kind, and I10; the block at fault was made by `maker`. */
static void check_told(enum heap_fault_kind kind, const void *block)
{
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, kind);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(block));
	CHECK_PTR_EQ(rig.fault.allocated_by, &maker);
	CHECK_EQ(rig.lock_errors, 0);
	rig.faults = 0;
}

/* ---- the end of a block ------------------------------------------------ */

TEST(the_usable_size_is_what_was_asked_for)
{
	h = rig_heap(MOST);
	for (size_t n = 0; n < 100; n++) {
		void *p = born(n);

		CHECK(p != NULL);
		CHECK_EQ(heap_usable_size(h, p), n);
		p = heap_resize(h, p, n + 7);
		CHECK_EQ(heap_usable_size(h, p), n + 7);
		p = heap_resize(h, p, 1 + n / 2);
		CHECK_EQ(heap_usable_size(h, p), 1 + n / 2);
		heap_free(h, p);
		p = heap_alloc_aligned(h, 64, n);
		CHECK_EQ(heap_usable_size(h, p), n);
		CHECK_EQ((uintptr_t)p % 64, 0);
		heap_free(h, p);
		rig_check_sound(h);
	}
}

TEST(one_byte_behind_any_size_is_found_by_free_resize_and_size)
{
	for (size_t n = 0; n < 70; n++) {
		for (unsigned how = 0; how < 4; how++) {
			h = rig_heap(MOST);
			unsigned char *p = born(n), was;

			CHECK(p != NULL && born(8) != NULL);
			was = p[n];
			p[n] = (unsigned char)(how == 0 ? 0 : was ^ 1u << how);
			/* A slice may come by before. */
			if (how < 2)
				dies(p);
			else if (how == 2)
				CHECK(heap_resize(h, p, 200) == NULL);
			else
				CHECK_EQ(heap_usable_size(h, p), 0);
			check_told(HEAP_FAULT_GUARD, p);
			CHECK_PTR_EQ(rig.fault.suspect, p);
			CHECK_EQ(rig.fault.suspect_size, n);
			CHECK_PTR_EQ(rig.fault.suspect_by, &maker);
			p[n] = was;
			dies(p);
			rig_check_sound(h);
		}
	}
}

TEST(an_overrun_or_underrun_of_any_length_is_found_when_freed)
{
	for (size_t n = 1; n <= 48; n++) {
		h = rig_heap(MOST);
		unsigned char *low = born(24), *p = born(40), *high = born(24);

		CHECK(low != NULL && p != NULL && high != NULL);
		for (size_t i = 0; i < n; i++)
			p[40 + i] = 0x41;
		dies(p);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(heap_usable_size(h, low), 24);

		h = rig_heap(MOST);
		low = born(24), p = born(40), high = born(24);
		for (size_t i = 1; i <= n; i++)
			p[-(ptrdiff_t)i] =
				p[-(ptrdiff_t)i] == 0x41 ? 0x42 : 0x41;
		dies(n <= WORD_SIZE ? p : low);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.lock_errors, 0);
	}
}

TEST(who_allocated_is_known_unless_the_overrun_goes_through_the_trailer)
{
	const size_t trailer = sizeof(struct trailer);

	for (size_t n = 1; n <= WORD_SIZE + trailer; n++) {
		h = rig_heap(MOST);
		unsigned char *p = born(2 * HEAP_ALIGN);
		size_t to_trailer = chunk_span(mem_to_chunk(p),
					       chunk_next(mem_to_chunk(p))) -
				    WORD_SIZE - 2 * HEAP_ALIGN - trailer;

		CHECK(born(8) != NULL);
		for (size_t i = 0; i < n; i++)
			p[2 * HEAP_ALIGN + i] ^= 0x55;
		dies(p);
		CHECK_EQ(rig.faults, 1);
		CHECK_PTR_EQ(rig.fault.suspect, p);
		/* What was asked for, unless the trailer is damaged, too. */
		CHECK_EQ(rig.fault.suspect_size,
			 n <= to_trailer ? 2 * HEAP_ALIGN
					 : chunk_head_size(mem_to_chunk(p)) -
						   WORD_SIZE);
		/* Who is named comes last. */
		if (n <= to_trailer + offsetof(struct trailer, freed_by))
			CHECK_PTR_EQ(rig.fault.suspect_by, &maker);
	}
}

/* ---- after free ----------------------------------------------------------- */

TEST(a_double_free_names_who_allocated_and_who_freed)
{
	h = rig_heap(MOST);
	void *p = born(40);

	dies(p);
	heap_free_from(h, p, &rig);
	check_told(HEAP_FAULT_NOT_USED, p);
	CHECK_PTR_EQ(rig.fault.freed_by, &breaker);
	CHECK_PTR_EQ(rig.fault.caller, &rig);
	CHECK_EQ(heap_usable_size(h, p), 0);
	check_told(HEAP_FAULT_NOT_USED, p);
	CHECK(heap_resize(h, p, 80) == NULL);
	check_told(HEAP_FAULT_NOT_USED, p);
	rig_let_go(h);
	dies(p);
	rig_check_fault(HEAP_FAULT_NOT_USED, p);
	rig_check_sound(h);
}

TEST(any_byte_written_after_free_is_found_when_the_block_is_let_go)
{
	for (size_t at = 0; at < 64; at++) {
		h = rig_heap(MOST);
		unsigned char *p = born(64);

		dies(p);
		p[at] ^= 4;
		rig_let_go(h);
		check_told(HEAP_FAULT_FREED, p);
		CHECK_PTR_EQ(rig.fault.freed_by, &breaker);
		/* It is told once, and never given out again. */
		rig_check_sound(h);
		while ((p = born(8)) != NULL)
			p[0] = 1;
		rig_check_sound(h);
	}
}

TEST(what_is_written_to_free_memory_is_found_before_it_is_a_block_again)
{
	/* Links and foot are the engine's: their damage is found otherwise. */
	for (size_t at = 2 * WORD_SIZE; at < 64; at += WORD_SIZE) {
		h = rig_heap(MOST);
		unsigned char *p = born(64);

		CHECK(born(8) != NULL);
		dies(p);
		rig_let_go(h);
		rig_check_sound(h);
		p[at] = 0;
		CHECK_PTR_EQ(born(64), NULL);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
		rig.faults = 0;
		CHECK(born(64) != NULL);
		rig_check_sound(h);
	}
}

TEST(what_is_written_where_nobody_has_been_is_found_too)
{
	h = rig_heap(MOST);
	unsigned char *p = born(8);

	p[400] = 1;
	CHECK_PTR_EQ(born(800), NULL);
	CHECK(rig.faults >= 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
}

TEST(fresh_memory_is_not_zero_and_freed_memory_not_what_it_was)
{
	h = rig_heap(MOST);
	unsigned char *p = born(100);

	for (unsigned i = 0; i < 100; i++) {
		CHECK_EQ(p[i], 0xcd);
		p[i] = 0x41;
	}
	dies(p);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(p[i], 0xda);
	p = heap_zalloc(h, 100);
	for (unsigned i = 0; i < 100; i++)
		CHECK_EQ(p[i], 0);
}

/* ---- the quarantine --------------------------------------------------------- */

TEST(a_freed_block_is_not_given_out_at_once)
{
	h = rig_heap(MOST);
	void *p = born(24), *q;

	dies(p);
	for (unsigned i = 0; i + 1 < HEAP_QUARANTINE && i < 8; i++) {
		q = born(24);
		CHECK(q != p);
		dies(q);
	}
	rig_check_sound(h);
}

TEST(what_is_held_is_free_in_the_figures)
{
	h = rig_heap(MOST);
	struct heap_stats before = rig_stats(h), after;

	dies(born(24));
	after = rig_stats(h);
	CHECK_EQ(after.in_use, 0);
	CHECK_EQ(after.used_chunks, 0);
	CHECK_EQ(after.free, before.free);
	CHECK_EQ(after.free_chunks, 2);
	rig_let_go(h);
	CHECK_EQ(rig_stats(h).free_chunks, 1);
	CHECK_EQ(rig_stats(h).largest_free, before.largest_free);
}

TEST(no_request_fails_for_the_quarantines_sake)
{
	h = rig_heap(MOST);
	size_t most = rig_stats(h).largest_free;
	void *p[4];

	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 4; i++)
			CHECK((p[i] = born(most / 16)) != NULL);
		for (unsigned i = 0; i < 4; i++)
			dies(p[i]);
		CHECK((p[0] = born(most)) != NULL);
		dies(p[0]);
	}
	CHECK_EQ(rig_stats(h).failures, 0);
	rig_check_sound(h);
}

/* ---- resize ------------------------------------------------------------------ */

TEST(a_block_that_grows_moves_and_its_old_address_is_found_out)
{
	h = rig_heap(MOST);
	unsigned char *p = born(40), *q;

	rig_fill(p, 40, 3);
	q = heap_resize_from(h, p, 90, &breaker);
	CHECK(q != NULL && q != p);
	CHECK(rig_filled(q, 40, 3));
	for (unsigned i = 40; i < 90; i++)
		CHECK_EQ(q[i], 0xcd);
	dies(p);
	check_told(HEAP_FAULT_NOT_USED, p);
	CHECK_PTR_EQ(rig.fault.freed_by, &breaker);
	dies(q);
	rig_check_sound(h);
}

TEST(a_block_grows_in_place_when_there_is_no_room_to_move)
{
	h = rig_heap(MOST);
	size_t most = rig_stats(h).largest_free;
	unsigned char *p = born(most * 2 / 3), *q;

	rig_fill(p, most * 2 / 3, 5);
	q = heap_resize_from(h, p, most, &maker);
	CHECK_PTR_EQ(q, p);
	CHECK(rig_filled(q, most * 2 / 3, 5));
	CHECK_EQ(heap_usable_size(h, q), most);
	q[most] ^= 1;
	dies(q);
	check_told(HEAP_FAULT_GUARD, q);
}

TEST(every_resize_of_every_block_keeps_what_it_should)
{
	for (size_t from = 1; from < 120; from += 7) {
		for (size_t to = 1; to < 120; to += 5) {
			h = rig_heap(MOST);
			unsigned char *low = born(9), *p = born(from), *q;

			rig_fill(p, from, 1);
			rig_fill(low, 9, 2);
			q = heap_resize_from(h, p, to, &maker);
			CHECK(q != NULL);
			CHECK(rig_filled(q, from < to ? from : to, 1));
			CHECK(rig_filled(low, 9, 2));
			CHECK_EQ(heap_usable_size(h, q), to);
			rig_check_sound(h);
			dies(q);
			dies(low);
			rig_let_go(h);
			rig_check_sound(h);
			CHECK_EQ(rig_stats(h).free_chunks, 1);
		}
	}
}

/* ---- the checker in slices ---------------------------------------------------- */

TEST(damage_that_no_call_comes_by_is_found_within_a_tour)
{
	h = rig_heap(MOST);
	unsigned char *p[24];
	void *q = born(8);
	unsigned n = 0, calls = 0;

	while (n < 24 && (p[n] = born(8)) != NULL)
		n++;
	CHECK(n > 8);
	p[n / 2][8] ^= 1;
	while (rig.faults == 0 && calls++ < n)
		heap_usable_size(h, q);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
	CHECK_EQ(rig.fault.invariant, HEAP_I10);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(p[n / 2]));
	CHECK_PTR_EQ(rig.fault.allocated_by, &maker);
	CHECK(calls <= (n + HEAP_SLICE) / HEAP_SLICE * HEAP_SLICE_EVERY + 1);
}

TEST(i10_a_guard_a_trailer_a_fill_that_is_not_as_it_was_made)
{
	h = rig_heap(MOST);
	unsigned char *p = born(20), *q = born(20);
	const void *bad = NULL;
	size_t size = chunk_head_size(mem_to_chunk(p));

	CHECK(born(20) != NULL);
	for (size_t at = 20; at < size - WORD_SIZE; at++) {
		p[at] ^= 2;
		CHECK_EQ(heap_check(h, &bad), HEAP_I10);
		CHECK_PTR_EQ(bad, mem_to_chunk(p));
		p[at] ^= 2;
		rig_check_sound(h);
	}
	dies(q);
	for (size_t at = 0; at < size - WORD_SIZE; at++) {
		q[at] ^= 2;
		CHECK_EQ(heap_check(h, &bad), HEAP_I10);
		CHECK_PTR_EQ(bad, mem_to_chunk(q));
		q[at] ^= 2;
		rig_check_sound(h);
	}
	rig_let_go(h);
	for (size_t at = 2 * WORD_SIZE; at < size - 2 * WORD_SIZE; at++) {
		q[at] ^= 2;
		CHECK_EQ(heap_check(h, &bad), HEAP_I10);
		CHECK_PTR_EQ(bad, mem_to_chunk(q));
		q[at] ^= 2;
		rig_check_sound(h);
	}
}

TEST(a_damaged_ring_of_held_blocks_is_told_and_survived)
{
	for (unsigned what = 0; what < 4; what++) {
		h = rig_heap(MOST);
		void *p = born(24);

		dies(p);
		if (what == 0)
			h->debug.first = 77;
		else if (what == 1)
			h->debug.count = 10000;
		else if (what == 2)
			h->debug.held[h->debug.first] = NULL;
		else
			h->debug.held[h->debug.first] = mem_to_chunk(&maker);
		rig_let_go(h);
		CHECK_EQ(rig.faults, 1);
		rig.faults = 0;
		p = born(24);
		CHECK(p != NULL);
		dies(p);
		rig_let_go(h);
		CHECK_EQ(rig.faults, 0);
	}
}

/* ---- what is seldom met --------------------------------------------------- */

static unsigned shades[8];
static size_t shaded, shaded_before;

static void on_shade(void *ctx, enum heap_shade what, const void *mem, size_t n,
		     size_t was)
{
	(void)ctx;
	if (mem != NULL && n != 0)
		shades[what]++;
	shaded = n;
	shaded_before = was;
}

TEST(a_port_that_shades_is_told_of_all_memory_and_every_block)
{
	static struct heap_port shading;
	size_t n;
	void *mem = rig_arena(&n, MOST), *p;

	for (unsigned i = 0; i < 8; i++)
		shades[i] = 0;
	shading = rig_port;
	shading.shade = on_shade;
	h = heap_create(mem, n, &shading);
	CHECK_EQ(shades[HEAP_SHADE_TAKEN], 1);
	p = born(24);
	CHECK_EQ(shades[HEAP_SHADE_BORN], 1);
	CHECK(shaded == 24 && shaded_before == 0);
	p = heap_resize_from(h, p, 5, &maker);
	CHECK_EQ(shades[HEAP_SHADE_RESIZED], 1);
	CHECK(shaded == 5 && shaded_before == 24);
	dies(p);
	CHECK_EQ(shades[HEAP_SHADE_DEAD], 1);
	CHECK(shaded == 5 && shaded_before == 0);
	p = heap_alloc_aligned(h, 64, 9);
	CHECK_EQ(shades[HEAP_SHADE_BORN], 2);
	heap_reset(h);
	CHECK_EQ(shades[HEAP_SHADE_TAKEN], 2);
	rig_check_sound(h);
	heap_destroy(h);
	CHECK_EQ(shades[HEAP_SHADE_GONE], 1);
}

TEST(a_heap_without_memory_may_end)
{
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	heap_reset(h);
	heap_destroy(h);
	CHECK_EQ(rig.grows, 0);
	CHECK_PTR_EQ(heap_alloc(h, 1), NULL);
	CHECK_EQ(rig.faults, 0);
}

TEST(a_head_that_leads_out_of_the_heap_has_no_trailer)
{
	struct chunk *c;
	size_t was;

	h = rig_heap(MOST);
	c = mem_to_chunk(born(24));
	was = c->head;
	CHECK(heap_debug_trailer(h, c) != NULL);
	CHECK(heap_debug_allocator(h, c) == (uintptr_t)&maker);
	rig_forge(c, (MOST << 4) | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	CHECK(heap_debug_trailer(h, c) == NULL);
	CHECK(heap_debug_allocator(h, c) == 0);
	CHECK(!heap_debug_is_held(h, c));
	heap_debug_shun(h, c);
	rig_forge(c, CHUNK_MIN | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	CHECK(heap_debug_trailer(h, c) == NULL);
	c->head = was;
	rig_check_sound(h);
}

/* What is written to the oldest of the held is found when it has to go. */
TEST(a_full_quarantine_tells_of_the_oldest_and_goes_on)
{
	unsigned char *p, *first;

	h = rig_heap(MOST);
	first = born(1);
	dies(first);
	first[0] ^= 1;
	/* Other damage is not looked for meanwhile. */
	for (unsigned i = 0; i < 2 * HEAP_QUARANTINE; i++) {
		p = born(1);
		CHECK(p != NULL && p != first);
		dies(p);
	}
	CHECK(rig.faults > 0);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(first));
	rig.faults = 0;
	p = born(1);
	CHECK(p != NULL && p != first);
	dies(p);
	CHECK_EQ(rig.lock_errors, 0);
}

/* The tour goes through all segments, without the whole heap being checked. */
TEST(damage_in_an_older_segment_is_found_within_a_tour)
{
	unsigned char *p;
	unsigned calls = 0;

	h = rig_growing_heap(2 * MOST, RIG_FOREIGN);
	p = born(24);
	while (h->older == 0)
		CHECK(born(200) != NULL);
	rig_check_sound(h);
	/* A tour that was led below its segment begins anew. */
	h->debug.base = h->base;
	h->debug.fence = NULL;
	h->debug.at = mem_to_chunk(p);
	heap_trim(h, SIZE_MAX);
	rig_check_sound(h);
	p[24] ^= 1;
	while (rig.faults == 0 && calls < 200) {
		heap_trim(h, SIZE_MAX);
		calls++;
	}
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.invariant, HEAP_I10);
	CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(p));
	p[24] ^= 1;
	rig.faults = 0;
	rig_check_sound(h);
}

#endif
