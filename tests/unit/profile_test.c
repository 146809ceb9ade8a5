/* SPDX-License-Identifier: MIT */
/*
 * The debug profile to the byte: fill, guards, trailers, sizes, shades.
 * heap-debug.a only.
 */
#include "heap_observe.h"
#include "heap_tags.h"
#include "rig.h"
#include "state.h"

#if HEAP_CHECK >= 3

#define MOST ((size_t)(WORD_SIZE == 4 ? 3072 : 4608))

/* Two addresses that stand for code. */
static const char maker, breaker;

static struct heap *h;
static struct heap_watch room;

static unsigned char *born(size_t n)
{
	return heap_alloc_from(h, n, &maker);
}

static void dies(void *p)
{
	heap_free_from(h, p, &breaker);
}

/* ---- fill --------------------------------------------------------------- */

TEST(a_fill_is_every_byte_and_no_other)
{
	static _Alignas(16) unsigned char bytes[5 * WORD_SIZE];

	for (size_t from = 0; from < 2 * WORD_SIZE; from++) {
		for (size_t to = from; to < 4 * WORD_SIZE; to++) {
			for (size_t i = 0; i < sizeof(bytes); i++)
				bytes[i] = 0x11;
			heap_fill_freed(bytes + from, bytes + to);
			for (size_t i = 0; i < sizeof(bytes); i++)
				CHECK_EQ(bytes[i],
					 i >= from && i < to ? 0xda : 0x11);
			heap_fill_fresh(bytes + from, bytes + to);
			for (size_t i = 0; i < sizeof(bytes); i++)
				CHECK_EQ(bytes[i],
					 i >= from && i < to ? 0xcd : 0x11);
		}
	}
}

TEST(every_byte_of_a_fill_is_looked_at_and_no_other)
{
	static _Alignas(16) unsigned char bytes[6 * WORD_SIZE];

	for (size_t n = 0; n <= 4; n++) {
		const unsigned char *from = bytes + WORD_SIZE;
		const unsigned char *to = from + n * WORD_SIZE;

		heap_fill_freed(bytes, bytes + sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++) {
			bytes[i] ^= 0x80;
			CHECK_EQ(heap_fill_is_freed(from, to),
				 bytes + i < from || bytes + i >= to);
			bytes[i] ^= 0x80;
		}
	}
}

/* ---- guards and trailers ------------------------------------------------ */

/* As a string's copy and a memset that are two bytes too long would. */
TEST(two_equal_bytes_behind_a_block_are_found_whatever_they_are)
{
	for (size_t n = 0; n < 8; n++) {
		h = rig_heap(MOST);
		unsigned char *p = born(n), first = p[n], second = p[n + 1];

		for (unsigned byte = 0; byte < 256; byte++) {
			p[n] = p[n + 1] = (unsigned char)byte;
			CHECK_EQ(heap_check(h, NULL), HEAP_I10);
		}
		p[n] = 0;
		p[n + 1] = second;
		CHECK_EQ(heap_check(h, NULL), HEAP_I10);
		p[n] = first;
		rig_check_sound(h);
	}
}

TEST(every_bit_behind_a_block_and_of_a_held_one_counts)
{
	h = rig_heap(MOST);
	unsigned char *p = born(WORD_SIZE + 1);
	size_t size = chunk_head_size(mem_to_chunk(p)) - WORD_SIZE;

	for (unsigned held = 0; held < 2; held++) {
		size_t from = held != 0 ? 0 : WORD_SIZE + 1;

		for (size_t bit = 8 * from; bit < 8 * size; bit++) {
			p[bit / 8] ^= (unsigned char)(1u << bit % 8);
			CHECK_EQ(heap_check(h, NULL), HEAP_I10);
			p[bit / 8] ^= (unsigned char)(1u << bit % 8);
		}
		rig_check_sound(h);
		dies(p);
	}
}

/* Neither at another place nor with another size a trailer is a true one. */
TEST(a_trailer_is_of_one_block_of_one_size)
{
	h = rig_heap(MOST);
	struct chunk *low = mem_to_chunk(born(0)), *c = mem_to_chunk(born(0));
	struct trailer *own, *other;
	size_t size = chunk_head_size(low), was = low->head;

	own = (struct trailer *)chunk_below(c, sizeof(*own));
	other = (struct trailer *)chunk_below(chunk_next(c), sizeof(*own));
	CHECK(heap_debug_trailer(h, low) == own);
	CHECK(heap_debug_trailer(h, c) == other);
	*other = *own;
	CHECK(heap_debug_trailer(h, c) == NULL);
	/* [low][ c ] as one block: its last words are those of low. */
	rig_forge(low, 2 * size | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	CHECK(heap_debug_trailer(h, low) == NULL);
	low->head = was;
	CHECK(heap_debug_trailer(h, low) == own);
}

/* Overrun as a whole, a trailer tells nothing: not what was written there. */
TEST(who_allocated_is_nobody_where_the_trailer_is_gone)
{
	unsigned char *p;
	size_t end;

	for (unsigned left = 0; left < 2; left++) {
		h = rig_heap(MOST);
		p = born(8);
		CHECK(born(8) != NULL);
		end = chunk_head_size(mem_to_chunk(p)) - WORD_SIZE;
		/* All of it, or all but the word that tells. */
		for (size_t i = 8; i < end - left * WORD_SIZE; i++)
			p[i] = 0x41;
		dies(p);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_GUARD);
		CHECK_PTR_EQ(rig.fault.suspect, p);
		CHECK_PTR_EQ(rig.fault.suspect_by, NULL);
		CHECK_PTR_EQ(rig.fault.allocated_by, NULL);
	}
}

TEST(a_head_that_leads_far_away_is_not_followed)
{
	h = rig_heap(MOST);
	unsigned char *low = born(20), *p = born(20);
	struct chunk *c = mem_to_chunk(p);
	size_t was = c->head;

	rig_fill(low, 20, 3);
	rig_forge(c, HEAP_CHUNK_MAX / 2 | CHUNK_USED | CHUNK_PREV_USED,
		  h->bins.key);
	CHECK(heap_debug_trailer(h, c) == NULL);
	CHECK_EQ(heap_debug_allocator(h, c), 0);
	heap_debug_shun(h, c);
	/* Too small for a trailer: that would lie in the block below. */
	rig_forge(c, CHUNK_MIN | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	CHECK_EQ(heap_debug_allocator(h, c), 0);
	heap_debug_shun(h, c);
	c->head = was;
	CHECK(rig_filled(low, 20, 3));
	rig_check_sound(h);
}

/* Whatever the first byte of the caller's address, which follows the guard. */
TEST(a_counted_caller_may_look_like_a_guard)
{
	static struct heap_tag tag;
	static struct heap_accounts accounts;

	h = rig_heap(MOST);
	heap_watchable(h, &room);
	accounts = (struct heap_accounts){.tag = &tag, .tags = 1};
	CHECK(heap_accounts_start(h, &accounts));
	for (uintptr_t byte = 0; byte < 256; byte++) {
		void *caller = (void *)(0x1000 + byte);
		void *p = heap_alloc_from(h, WORD_SIZE, caller);

		CHECK_EQ(heap_usable_size(h, p), WORD_SIZE);
		heap_free(h, p);
	}
	CHECK(heap_accounts_stop(h, &accounts));
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(a_block_that_nobody_counts_has_no_tag)
{
	h = rig_heap(MOST);
	unsigned char *p = born(40);
	const uintptr_t *tag = heap_debug_tag(mem_to_chunk(p));

	CHECK(tag[0] == 0 && tag[1] == 0);
	p = heap_resize(h, p, 30);
	tag = heap_debug_tag(mem_to_chunk(p));
	CHECK(tag[0] == 0 && tag[1] == 0);
}

/* ---- what is looked at -------------------------------------------------- */

TEST(every_word_of_free_memory_is_looked_at_before_it_is_a_block)
{
	size_t n = 64, size = heap_debug_size_for(n);

	/* The foot is the engine's. */
	for (size_t at = 2 * WORD_SIZE; at < size - 2 * WORD_SIZE; at++) {
		h = rig_heap(MOST);
		unsigned char *p = born(n);

		CHECK(born(8) != NULL);
		dies(p);
		rig_let_go(h);
		p[at] ^= 1;
		CHECK_PTR_EQ(born(n), NULL);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
		CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(p));
		/* It was nobody's. */
		CHECK_PTR_EQ(rig.fault.allocated_by, NULL);
		CHECK_PTR_EQ(rig.fault.freed_by, NULL);
		rig.faults = 0;
		rig_check_sound(h);
	}
}

/* [ p ][ q ][ r ]: what lies beside is filled no further than it has to be. */
TEST(freeing_a_block_hides_no_damage_beside_it)
{
	for (unsigned where = 0; where < 3; where++) {
		h = rig_heap(MOST);
		unsigned char *p = born(100), *q = born(40), *r = born(100);
		unsigned char *at =
			where == 0 ? p + 2 * WORD_SIZE : r + 2 * WORD_SIZE;

		if (where == 2)
			at += 50;
		CHECK(born(1) != NULL);
		dies(p);
		dies(r);
		rig_let_go(h);
		rig_check_sound(h);
		*at ^= 1;
		dies(q);
		rig_let_go(h);
		CHECK_EQ(rig_stats(h).used_chunks, 1);
		CHECK_EQ(heap_check(h, NULL), HEAP_I10);
		*at ^= 1;
		CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	}
}

TEST(freeing_the_last_block_hides_no_damage_behind_it)
{
	for (unsigned last = 0; last < 2; last++) {
		h = rig_heap(MOST);
		size_t most = rig_stats(h).largest_free;
		unsigned char *p = born(40), *at = (unsigned char *)h->top;

		/* Behind what the top needs, or before its last word. */
		at += last == 0 ? 3 * WORD_SIZE
				: chunk_span(h->top, h->limit) - WORD_SIZE - 1;
		*at ^= 1;
		dies(p);
		rig_let_go(h);
		CHECK_EQ(rig.faults, 0);
		CHECK_PTR_EQ(born(most), NULL);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
	}
}

TEST(growth_hides_no_damage)
{
	unsigned char *old;

	h = rig_growing_heap(2 * MOST, RIG_ADJOIN);
	CHECK(born(8) != NULL);
	CHECK(heap_room(h) > 8 * HEAP_ALIGN);
	old = (unsigned char *)h->end;
	old[-2 * (ptrdiff_t)HEAP_ALIGN - 1] ^= 1;
	CHECK_PTR_EQ(born(1500), NULL);
	CHECK(rig.faults >= 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
}

TEST(a_slice_looks_at_256_bytes_of_a_chunk_and_a_check_at_all)
{
	h = rig_heap(MOST);
	unsigned char *p = born(600), *q = born(8);

	dies(p);
	rig_let_go(h);
	/* Behind the links. */
	p += 2 * WORD_SIZE;
	p[256] ^= 1;
	for (unsigned i = 0; i < 8 * HEAP_SLICE_EVERY; i++)
		CHECK_EQ(heap_usable_size(h, q), 8);
	CHECK_EQ(rig.faults, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_I10);
	p[256] ^= 1;
	p[255] ^= 1;
	for (unsigned i = 0; i < 8 * HEAP_SLICE_EVERY && rig.faults == 0; i++)
		heap_usable_size(h, q);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
	CHECK_EQ(rig.fault.invariant, HEAP_I10);
	p[255] ^= 1;
	rig.faults = 0;
	rig_check_sound(h);
}

/* ---- sizes -------------------------------------------------------------- */

TEST(what_is_too_large_for_a_trailer_is_refused)
{
	void *p;

	CHECK(heap_debug_size_for(DEBUG_MAX) != 0);
	CHECK(heap_debug_size_for(DEBUG_MAX) < HEAP_CHUNK_MAX);
	CHECK_EQ(heap_debug_size_for(DEBUG_MAX + 1), 0);
	h = rig_heap(MOST);
	CHECK_PTR_EQ(born(DEBUG_MAX + 1), NULL);
	CHECK_PTR_EQ(born(CHUNK_PAYLOAD_MAX), NULL);
	CHECK_EQ(rig_stats(h).used_chunks, 0);
	p = born(20);
	rig_fill(p, 20, 1);
	CHECK_PTR_EQ(heap_resize(h, p, DEBUG_MAX + 1), NULL);
	CHECK_PTR_EQ(heap_alloc_aligned(h, 64, DEBUG_MAX + 1), NULL);
	CHECK_EQ(heap_usable_size(h, p), 20);
	CHECK(rig_filled(p, 20, 1));
	rig_check_sound(h);
}

TEST(a_block_is_its_bytes_a_guard_and_a_trailer)
{
	const size_t more = 7 * WORD_SIZE;

	for (size_t n = 0; n < 10 * WORD_SIZE; n++) {
		size_t size = heap_debug_size_for(n);

		CHECK_EQ(size % HEAP_ALIGN, 0);
		CHECK(size >= WORD_SIZE + n + more);
		CHECK(size <
		      WORD_SIZE + align_up(n, WORD_SIZE) + more + HEAP_ALIGN);
	}
	CHECK_EQ(heap_debug_fits(0), 0);
	CHECK_EQ(heap_debug_fits(more - 1), 0);
	CHECK_EQ(heap_debug_fits(more), 0);
	CHECK_EQ(heap_debug_fits(more + 5), 5);
}

TEST(the_largest_free_is_served_and_not_a_byte_more)
{
	h = rig_heap(MOST);
	size_t most = rig_stats(h).largest_free;

	CHECK_PTR_EQ(born(most + 1), NULL);
	CHECK_EQ(rig_stats(h).failures, 1);
	CHECK(born(most) != NULL);
	CHECK_EQ(rig_stats(h).largest_free, 0);
	rig_check_sound(h);
}

/* A heap of used blocks but for one hole, a chunk of `size` bytes. */
static void leave_hole(size_t size)
{
	h = rig_heap(MOST);
	void *p = born(heap_debug_fits(size - WORD_SIZE));

	CHECK_EQ(chunk_head_size(mem_to_chunk(p)), size);
	while (born(0) != NULL)
		;
	dies(p);
	rig_let_go(h);
	rig_check_sound(h);
}

TEST(an_aligned_block_needs_its_size_and_less_than_its_alignment)
{
	const size_t n = 3, whole = heap_debug_size_for(n) + 64 - HEAP_ALIGN;
	unsigned char *p;
	size_t failures;

	leave_hole(whole - HEAP_ALIGN);
	failures = rig_stats(h).failures;
	CHECK_PTR_EQ(heap_alloc_aligned(h, 64, n), NULL);
	CHECK_EQ(rig_stats(h).failures, failures + 1);
	leave_hole(whole);
	p = heap_alloc_aligned(h, 64, n);
	CHECK(p != NULL && (uintptr_t)p % 64 == 0);
	for (size_t i = 0; i < n; i++)
		CHECK_EQ(p[i], 0xcd);
	rig_check_sound(h);
}

TEST(an_alignment_that_no_segment_can_serve_is_refused_at_once)
{
	const size_t half = HEAP_CHUNK_MAX / 2;
	const size_t n = heap_debug_fits(half - WORD_SIZE);

	h = rig_heap(MOST);
	CHECK_EQ(heap_debug_size_for(n), half);
	/* There is no memory for that, but there could be. */
	CHECK_PTR_EQ(heap_alloc_aligned(h, half, n), NULL);
	CHECK_EQ(rig_stats(h).failures, 1);
	CHECK_PTR_EQ(heap_alloc_aligned(h, half, n + 1), NULL);
	CHECK_PTR_EQ(heap_alloc_aligned(h, 2 * half, 1), NULL);
	CHECK_EQ(rig_stats(h).failures, 1);
	rig_check_sound(h);
}

/* ---- shades ------------------------------------------------------------- */

static struct {
	enum heap_shade what;
	const char *mem;
	size_t n, was;
} shade[8];
static unsigned shades;

static void on_shade(void *ctx, enum heap_shade what, const void *mem, size_t n,
		     size_t was)
{
	(void)ctx;
	shade[shades % 8].what = what;
	shade[shades % 8].mem = mem;
	shade[shades % 8].n = n;
	shade[shades % 8].was = was;
	shades++;
}

/* The next that was told is this, and is forgotten now. */
static void check_shade(unsigned i, enum heap_shade what, const void *mem,
			size_t n, size_t was)
{
	CHECK(i < shades);
	CHECK_EQ(shade[i].what, what);
	CHECK_PTR_EQ(shade[i].mem, mem);
	CHECK_EQ(shade[i].n, n);
	CHECK_EQ(shade[i].was, was);
}

TEST(shades_have_the_bytes_of_blocks_before_and_now)
{
	static struct heap_port shading;
	size_t n;
	void *mem = rig_arena(&n, MOST);
	unsigned char *p, *q;

	shading = rig_port;
	shading.shade = on_shade;
	shades = 0;
	h = heap_create(mem, n, &shading);
	n = chunk_span(h->base, h->limit) + WORD_SIZE;
	check_shade(0, HEAP_SHADE_TAKEN, h->base, n, 0);
	p = born(70);
	check_shade(1, HEAP_SHADE_BORN, p, 70, 0);
	q = heap_resize(h, p, 9);
	check_shade(2, HEAP_SHADE_RESIZED, p, 9, 70);
	q = heap_resize(h, q, 300);
	CHECK(p != q);
	check_shade(3, HEAP_SHADE_BORN, q, 300, 0);
	check_shade(4, HEAP_SHADE_DEAD, p, 9, 0);
	p = heap_alloc_aligned(h, 64, 3);
	check_shade(5, HEAP_SHADE_BORN, p, 3, 0);
	heap_reset(h);
	check_shade(6, HEAP_SHADE_TAKEN, h->base, n, 0);
	mem = h->base;
	heap_destroy(h);
	check_shade(7, HEAP_SHADE_GONE, mem, n, 0);
	CHECK_EQ(shades, 8);
}

TEST(a_heap_without_memory_has_no_shades)
{
	static struct heap_port shading;

	h = rig_growing_heap(MOST, RIG_ADJOIN);
	shading = rig_port_growing;
	shading.shade = on_shade;
	heap_set_port(h, &shading);
	shades = 0;
	heap_reset(h);
	heap_destroy(h);
	CHECK_EQ(shades, 0);
}

/* What the port gave is shaded once, segment by segment; so is its end. */
TEST(shades_of_all_segments_are_what_was_given)
{
	static struct heap_port shading;
	size_t given = 0, again = 0, gone = 0;

	h = rig_growing_heap(2 * MOST, RIG_FOREIGN);
	shading = rig_port_growing;
	shading.shade = on_shade;
	heap_set_port(h, &shading);
	shades = 0;
	while (h->older < 2) {
		shade[0].n = 0;
		shades = 0;
		CHECK(born(300) != NULL);
		if (shades == 2) {
			CHECK_EQ(shade[0].what, HEAP_SHADE_TAKEN);
			CHECK_PTR_EQ(shade[0].mem, h->base);
			CHECK_EQ(shade[0].n,
				 chunk_span(h->base, h->limit) + WORD_SIZE);
			given += shade[0].n;
		}
	}
	shades = 0;
	heap_reset(h);
	CHECK_EQ(shades, 3);
	for (unsigned i = 0; i < 3; i++)
		again += shade[i].n;
	CHECK_EQ(again, given);
	rig_check_sound(h);
	CHECK_EQ(rig_stats(h).used_chunks, 0);
	/* All of it can be had, and nobody has written there. */
	rig.refuse = true;
	while (born(100) != NULL || born(0) != NULL)
		;
	rig_check_sound(h);
	shades = 0;
	heap_destroy(h);
	CHECK_EQ(shades, 3);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(shade[i].what, HEAP_SHADE_GONE);
		gone += shade[i].n;
	}
	CHECK_EQ(gone, given);
	CHECK(rig_strangers_untouched());
}

/* ---- layers ------------------------------------------------------------- */

static void hear(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	(void)e;
}

TEST(a_fault_beneath_an_observer_names_who_called)
{
	static struct heap_observer observer;
	unsigned char *p;

	h = rig_heap(MOST);
	heap_watchable(h, &room);
	observer = (struct heap_observer){.tell = hear};
	CHECK(heap_observe(h, &observer));
	p = born(8);
	p[8] ^= 1;
	CHECK_PTR_EQ(heap_resize_from(h, p, 80, &breaker), NULL);
	rig_check_fault(HEAP_FAULT_GUARD, p);
	CHECK_PTR_EQ(rig.fault.caller, &breaker);
	p[8] ^= 1;
	p = heap_resize_from(h, p, 9, &breaker);
	CHECK_PTR_EQ(heap_debug_allocator(h, mem_to_chunk(p)), &breaker);
	p = heap_resize_from(h, p, 200, &maker);
	CHECK_PTR_EQ(heap_debug_allocator(h, mem_to_chunk(p)), &maker);
	p = heap_alloc_aligned_from(h, 64, 8, &breaker);
	CHECK_PTR_EQ(heap_debug_allocator(h, mem_to_chunk(p)), &breaker);
	((unsigned char *)h->top)[300] ^= 1;
	CHECK_PTR_EQ(heap_alloc_aligned_from(h, 64, 600, &breaker), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_FREED);
	CHECK_PTR_EQ(rig.fault.caller, &breaker);
	CHECK(heap_unobserve(h, &observer));
	heap_destroy(h);
}

#endif
