/* SPDX-License-Identifier: MIT */
/* The edges of growth: gifts too small, too large, just enough, refused. */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)

static struct heap *h;
static unsigned char *region;

/* A heap with one used chunk at the start of a region of our own. */
static void given(void)
{
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	region = rig.bank[0].start;
	CHECK(heap_alloc(h, rig_units(4)) != NULL);
}

/* Memory, handed over as by sbrk; is it taken, or not at all? */
static void check_attach(uintptr_t start, size_t n)
{
	struct heap_stats before = rig_stats(h), after;

	heap_attach(h, start, n);
	after = rig_stats(h);
	CHECK(after.taken == before.taken || after.taken == before.taken + n);
	CHECK_EQ(after.taken - before.taken,
		 after.free + after.overhead - before.free - before.overhead);
	CHECK((after.taken == before.taken) == (after.free == before.free));
	CHECK_EQ(after.segments,
		 before.segments + (after.taken != before.taken));
	rig_check_sound(h);
}

TEST(a_first_gift_too_small_for_a_chunk_is_not_taken)
{
	for (size_t offset = 0; offset < HEAP_ALIGN; offset++) {
		for (size_t n = 0; n < 6 * HEAP_ALIGN; n++) {
			h = rig_growing_heap(MOST, RIG_ADJOIN);
			region = rig.bank[0].start;
			check_attach((uintptr_t)region + offset, n);
			CHECK_EQ(rig_stats(h).segments != 0,
				 n >= 3 * HEAP_ALIGN - offset ||
					 rig_stats(h).free != 0);
		}
	}
}

TEST(a_gift_elsewhere_too_small_for_a_chunk_is_not_taken)
{
	for (size_t offset = 1; offset <= HEAP_ALIGN; offset++) {
		for (size_t n = 0; n < 9 * HEAP_ALIGN; n++) {
			given();
			check_attach((uintptr_t)rig.bank[0].brk + offset, n);
			CHECK(n < 7 * HEAP_ALIGN || rig_stats(h).segments == 2);
		}
	}
}

TEST(no_byte_around_a_gift_is_touched)
{
	for (size_t n = 0; n < 9 * HEAP_ALIGN; n++) {
		unsigned char *gift;

		given();
		gift = rig.bank[0].brk + 40 + n % 9;
		rig_fill(gift - 40, 40, 1);
		rig_fill(gift + n, 40, 2);
		heap_attach(h, (uintptr_t)gift, n);
		rig.refuse = true;
		while (heap_alloc(h, 0) != NULL)
			continue;
		CHECK(rig_filled(gift - 40, 40, 1));
		CHECK(rig_filled(gift + n, 40, 2));
		rig_check_sound(h);
	}
}

/* The port has `left` bytes more and a request for `units` is made. */
static bool served_with(size_t left, size_t units)
{
	given();
	rig.bank[0].end = rig.bank[0].brk + left;
	return heap_alloc(h, rig_units(units)) != NULL;
}

TEST(a_request_is_served_by_just_enough_memory)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	size_t units, room;

	given();
	room = rig_stats(h).free / HEAP_ALIGN;
	for (units = room - 3; units < room + 20; units++) {
		size_t need = units > room ? (units - room) * HEAP_ALIGN : 0;

		CHECK(served_with(need, units));
		rig_check_sound(h);
		CHECK(need == 0 || !served_with(need - 1, units));
		rig_check_sound(h);
	}
}

/* Behind a stranger's bytes, it takes a descriptor as well. */
TEST(a_request_is_served_by_just_enough_memory_elsewhere)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	for (size_t offset = 1; offset <= HEAP_ALIGN; offset++) {
		size_t units, room, left = 0;

		given();
		room = rig_stats(h).free / HEAP_ALIGN;
		units = room + 10;
		do {
			given();
			rig.bank[0].brk += offset;
			rig.bank[0].end = rig.bank[0].brk + left;
			left++;
		} while (heap_alloc(h, rig_units(units)) == NULL);
		rig_check_sound(h);
		CHECK(left <= units * HEAP_ALIGN + sizeof(struct segment) +
				      2 * HEAP_ALIGN);
		CHECK_EQ(rig_stats(h).segments, 2);
	}
}

TEST(a_large_request_is_asked_for_as_it_is)
{
	given();
	CHECK(heap_alloc(h, HEAP_GROW + 600) != NULL);
	CHECK(rig.asked <= HEAP_GROW + 600 + 2 * HEAP_ALIGN);
	CHECK_EQ(rig.grows, 2);
}

/* ---- the port keeps what trim offers ----------------------------------- */

TEST(trim_gives_nothing_back_to_a_port_that_refuses)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	size_t taken;

	given();
	taken = rig_stats(h).taken;
	rig.refuse = true;
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_EQ(rig_stats(h).taken, taken);
	CHECK_STR_EQ(rig_map(h), "u4 t");
	rig_check_sound(h);
	rig.refuse = false;
	CHECK(heap_trim(h, 0) != 0);
	rig_check_sound(h);
}

TEST(trim_and_growth_by_turns_lose_nothing)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given();
	for (unsigned i = 0; i < 20; i++) {
		void *p = heap_alloc(h, 40 * i);

		CHECK(p != NULL);
		heap_free(h, p);
		heap_trim(h, 3 * i);
		CHECK_STR_EQ(rig_map(h), rig_stats(h).free ? "u4 t" : "u4");
		CHECK_EQ(rig_stats(h).taken, rig.given);
		CHECK_EQ(rig_stats(h).segments, 1);
		rig_check_sound(h);
	}
}

TEST(trim_of_the_current_segment_leaves_higher_ones_alone)
{
	void *high;

	h = rig_growing_heap(MOST, RIG_TURNS);
	/* The second bank is higher and answers first. */
	high = heap_alloc(h, rig_units(4));
	CHECK(high != NULL);
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	CHECK(heap_alloc(h, rig_units(4)) != NULL);
	CHECK_EQ(rig_stats(h).segments, 2);
	CHECK(heap_trim(h, 0) != 0);
	rig_check_sound(h);
	CHECK(heap_usable_size(h, high) != 0);
	heap_free(h, high);
	rig_check_sound(h);
}

/* The control block is cleared by startup, the region is as it was left. */
TEST(a_warm_boot_takes_nothing_of_what_the_last_run_left_for_its_own)
{
	void *old = NULL, *p[8];

	for (unsigned boot = 0; boot < 4; boot++) {
		h = rig_growing_heap(MOST, RIG_ADJOIN);

		if (old != NULL && HEAP_CHECK != 0) {
			heap_free(h, old);
			rig_check_fault(HEAP_FAULT_FOREIGN, old);
		}
		rig_check_sound(h);
		for (unsigned i = 0; i < 8; i++) {
			p[i] = heap_alloc(h, 8 * i + boot);
			CHECK(p[i] != NULL);
			rig_fill(p[i], 8 * i + boot, i);
		}
		for (unsigned i = 0; i < 8; i += 2)
			heap_free(h, p[i]);
		for (unsigned i = 1; i < 8; i += 2)
			CHECK(rig_filled(p[i], 8 * i + boot, i));
		rig_check_sound(h);
		CHECK_EQ(rig_stats(h).used_chunks, 4);
		old = p[1 + 2 * (boot % 4)];
	}
}
