/* SPDX-License-Identifier: MIT */
/* Change a block's size, and carve aligned ones, drawn as maps. */
#include "rig.h"

#define MOST ((size_t)4096)

static struct heap *h;

static void given(const char *plan)
{
	h = rig_heap(MOST);
	CHECK(h != NULL);
	rig_lay(h, plan);
}

/*
 * Block i, of `was` units, to `units`: it must come to lie where block `where`
 * was, hold what it held, and leave the map so.
 */
static void check_resize(const char *plan, unsigned i, size_t was, size_t units,
			 unsigned where, const char *map)
{
	size_t kept = rig_units(was < units ? was : units);
	void *p;

	given(plan);
	p = heap_resize(h, rig_block[i], rig_units(units));
	CHECK_PTR_EQ(p, rig_block[where]);
	CHECK(rig_filled(p, kept, i));
	CHECK_STR_EQ(rig_map(h), map);
	rig_check_sound(h);
	rig_fill(p, rig_units(units), 77);
	rig_check_sound(h);
}

/* ---- in place ---------------------------------------------------------- */

TEST(growing_fills_the_free_chunk_behind)
{
	check_resize("u2 f3 u2", 0, 2, 5, 0, "u5 u2 t");
	check_resize("u2 f1 u2", 0, 2, 3, 0, "u3 u2 t");
	check_resize("u1 f2 u2", 0, 1, 3, 0, "u3 u2 t");
}

TEST(growing_leaves_the_rest_of_the_free_chunk_behind)
{
	check_resize("u2 f3 u2", 0, 2, 3, 0, "u3 f2 u2 t");
	check_resize("u2 f3 u2", 0, 2, 4, 0, "u4 f1 u2 t");
	check_resize("u1 f20 u2", 0, 1, 2, 0, "u2 f19 u2 t");
}

TEST(growing_cuts_from_the_top)
{
	check_resize("u2", 0, 2, 6, 0, "u6 t");
	check_resize("u2 u3", 1, 3, 4, 1, "u2 u4 t");
	check_resize("f2 u3", 1, 3, 9, 1, "f2 u9 t");
}

TEST(growing_may_take_the_whole_top)
{
	size_t n, free;
	void *p;

	given("u2");
	free = rig_stats(h).free;
	n = rig_units(2) + free;
	CHECK(heap_resize(h, rig_block[0], n + 1) == NULL);
	CHECK(rig_filled(rig_block[0], rig_units(2), 0));
	p = heap_resize(h, rig_block[0], n);
	CHECK_PTR_EQ(p, rig_block[0]);
	CHECK_EQ(rig_stats(h).free, 0);
	rig_check_sound(h);
}

TEST(growing_goes_on_into_fresh_memory)
{
	void *p;

	h = rig_growing_heap(3072, RIG_ADJOIN);
	p = heap_alloc(h, 16);
	CHECK(p != NULL);
	rig_fill(p, 16, 1);
	CHECK_PTR_EQ(heap_resize(h, p, HEAP_GROW + 100), p);
	CHECK(rig_filled(p, 16, 1));
	CHECK_EQ(rig_stats(h).segments, 1);
	rig_check_sound(h);
}

TEST(growing_moves_when_fresh_memory_does_not_adjoin)
{
	void *p, *q;
	size_t n;

	h = rig_growing_heap(3072, RIG_FOREIGN);
	CHECK(heap_alloc(h, HEAP_GROW / 2) != NULL);
	p = heap_alloc(h, 16);
	CHECK(p != NULL);
	n = heap_usable_size(h, p) + rig_stats(h).free;
	CHECK_PTR_EQ(heap_resize(h, p, n), p);
	rig_fill(p, n, 1);
	q = heap_resize(h, p, n + 1);
	CHECK(q != NULL && q != p);
	CHECK(rig_filled(q, n, 1));
	CHECK_EQ(rig_stats(h).used_chunks, 2);
	CHECK_EQ(rig_stats(h).segments, 2);
	CHECK(rig_strangers_untouched());
	rig_check_sound(h);
}

TEST(shrinking_frees_the_tail)
{
	check_resize("u6 u2", 0, 6, 2, 0, "u2 f4 u2 t");
	check_resize("u6 u2", 0, 6, 5, 0, "u5 f1 u2 t");
	check_resize("u2 u2", 0, 2, 1, 0, "u1 f1 u2 t");
	check_resize("f2 u4 u2", 1, 4, 2, 1, "f2 u2 f2 u2 t");
}

TEST(shrinking_joins_the_tail_with_what_is_free_behind)
{
	check_resize("u4 f2 u2", 0, 4, 2, 0, "u2 f4 u2 t");
	check_resize("u4 f1 u2", 0, 4, 3, 0, "u3 f2 u2 t");
	check_resize("u3", 0, 3, 1, 0, "u1 t");
	check_resize("u3 u3", 1, 3, 2, 1, "u3 u2 t");
}

TEST(a_size_that_the_chunk_has_already_changes_nothing)
{
	check_resize("u3 f2 u2", 0, 3, 3, 0, "u3 f2 u2 t");
	check_resize("u1 u2", 0, 1, 1, 0, "u1 u2 t");
}

/* ---- downwards --------------------------------------------------------- */

TEST(growing_moves_down_into_the_free_chunk_before)
{
	check_resize("u1 f3 u2 u2", 2, 2, 5, 1, "u1 u5 u2 t");
	check_resize("u1 f1 u2 u2", 2, 2, 3, 1, "u1 u3 u2 t");
	check_resize("f3 u2 u2", 1, 2, 5, 0, "u5 u2 t");
}

TEST(growing_downwards_leaves_the_rest_behind)
{
	check_resize("f3 u2 u2", 1, 2, 4, 0, "u4 f1 u2 t");
	check_resize("f9 u1 u2", 1, 1, 2, 0, "u2 f8 u2 t");
	check_resize("f9 u2 u2", 1, 2, 4, 0, "u4 f7 u2 t");
}

TEST(growing_takes_what_is_free_before_and_behind)
{
	check_resize("f2 u2 f2 u2", 1, 2, 6, 0, "u6 u2 t");
	check_resize("f2 u2 f2 u2", 1, 2, 5, 0, "u5 f1 u2 t");
	check_resize("f1 u3 f1 u2", 1, 3, 5, 0, "u5 u2 t");
}

TEST(growing_behind_is_preferred_to_moving_down)
{
	check_resize("f5 u2 f2 u2", 1, 2, 4, 1, "f5 u4 u2 t");
}

TEST(all_contents_survive_a_move_downwards)
{
	for (size_t was = 1; was < 30; was++) {
		void *p;

		given("f5 u1");
		p = heap_resize(h, rig_block[1], rig_units(was));
		CHECK(p != NULL);
		rig_fill(p, rig_units(was), 9);
		CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
		p = heap_resize(h, p, rig_units(was + 1));
		CHECK_PTR_EQ(p, rig_block[0]);
		CHECK(rig_filled(p, rig_units(was), 9));
		rig_check_sound(h);
	}
}

/* ---- elsewhere --------------------------------------------------------- */

TEST(growing_moves_to_another_place_when_it_must)
{
	check_resize("u2 u2 u1 f5 u1", 0, 2, 4, 3, "f2 u2 u1 u4 f1 u1 t");
	check_resize("u2 f1 u1 f5 u1", 0, 2, 4, 3, "f3 u1 u4 f1 u1 t");
	check_resize("f1 u2 f1 u1 f5 u1", 1, 2, 5, 4, "f4 u1 u5 u1 t");
}

/* What lies behind it belongs to others. */
TEST(a_move_copies_the_block_and_no_more)
{
	unsigned char was[5 * HEAP_ALIGN], *p;

	given("u2 u2 u5 u1");
	rig_fill(was, sizeof(was), 3);
	rig_fill(rig_block[2], rig_units(5), 3);
	heap_free(h, rig_block[2]);
	p = heap_resize(h, rig_block[0], rig_units(4));
	CHECK_PTR_EQ(p, rig_block[2]);
	CHECK(rig_filled(p, rig_units(2), 0));
	for (size_t i = rig_units(2); i < rig_units(3); i++)
		CHECK_EQ(p[i], was[i]);
	rig_check_sound(h);
}

TEST(a_move_takes_the_lock_twice_and_never_nests)
{
	unsigned locks;

	given("u2 u2");
	locks = rig.locks;
	CHECK(heap_resize(h, rig_block[0], rig_units(4)) != NULL);
	CHECK_EQ(rig.locks, locks + 2);
	rig_check_sound(h);
}

TEST(contents_survive_any_change_of_size)
{
	static const size_t sizes[] = {0,  1,  3,  4,  5,   7,   8,   9,  12,
				       13, 16, 20, 24, 28,  31,  32,  40, 56,
				       60, 64, 96, 99, 128, 200, 256, 500};
	size_t count = sizeof(sizes) / sizeof(*sizes);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 1; j < count; j++) {
			size_t n = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
			void *p, *q;

			given("f3 u1 f9 u1");
			p = heap_alloc(h, sizes[i]);
			rig_fill(p, sizes[i], 5);
			q = heap_resize(h, p, sizes[j]);
			CHECK(q != NULL);
			CHECK(rig_filled(q, n, 5));
			CHECK(heap_usable_size(h, q) >= sizes[j]);
			CHECK_EQ((uintptr_t)q % HEAP_ALIGN, 0);
			rig_check_sound(h);
		}
	}
}

/* ---- corners ----------------------------------------------------------- */

TEST(growing_nothing_allocates)
{
	void *p;

	given("u2");
	p = heap_resize(h, NULL, rig_units(3));
	CHECK(p != NULL);
	CHECK_STR_EQ(rig_map(h), "u2 u3 t");
	CHECK(heap_resize(h, NULL, 0) != NULL);
	CHECK_STR_EQ(rig_map(h), "u2 u3 u1 t");
	rig_check_sound(h);
}

TEST(size_0_frees)
{
	given("u2 u3 u2");
	CHECK(heap_resize(h, rig_block[1], 0) == NULL);
	CHECK_STR_EQ(rig_map(h), "u2 f3 u2 t");
	rig_check_sound(h);
}

TEST(a_growth_that_fails_leaves_the_block_alone)
{
	static const size_t too_much[] = {
		MOST,
		(size_t)1 << 20,
		HEAP_CHUNK_MAX - 2 * HEAP_ALIGN,
		HEAP_CHUNK_MAX - HEAP_ALIGN - WORD_SIZE + 1,
		HEAP_CHUNK_MAX,
		PTRDIFF_MAX,
		(size_t)PTRDIFF_MAX + 1,
		SIZE_MAX - HEAP_ALIGN,
		SIZE_MAX - 1,
		SIZE_MAX,
	};

	for (size_t i = 0; i < sizeof(too_much) / sizeof(*too_much); i++) {
		given("f1 u2 f3 u2");
		CHECK(heap_resize(h, rig_block[1], too_much[i]) == NULL);
		CHECK(rig_filled(rig_block[1], rig_units(2), 1));
		CHECK(rig_filled(rig_block[3], rig_units(2), 3));
		CHECK_STR_EQ(rig_map(h), "f1 u2 f3 u2 t");
		rig_check_sound(h);
	}
}

/* Up to the largest size the port is asked, and a refusal counted. */
TEST(a_size_that_no_chunk_can_have_is_not_asked_of_the_port)
{
	unsigned grows;
	void *p;

	h = rig_growing_heap(3072, RIG_ADJOIN);
	p = heap_alloc(h, 16);
	grows = rig.grows;
	CHECK(heap_resize(h, p, CHUNK_PAYLOAD_MAX + 1) == NULL);
	CHECK_EQ(rig.grows, grows);
	CHECK_EQ(rig_stats(h).failures, 0);
	CHECK(heap_resize(h, p, CHUNK_PAYLOAD_MAX) == NULL);
	CHECK(rig.grows > grows);
	CHECK_EQ(rig_stats(h).failures, 1);
	rig_check_sound(h);
}

/* ---- aligned ----------------------------------------------------------- */

TEST(what_aligning_leaves_before_and_behind_is_free_again)
{
	for (size_t align = 1; align <= 512; align *= 2) {
		for (size_t n = 0; n < 100; n += 9) {
			size_t need;
			void *p;

			given("u1");
			p = heap_alloc_aligned(h, align, n);
			CHECK(p != NULL);
			CHECK_EQ((uintptr_t)p % align, 0);
			need = chunk_size_for(n) + HEAP_ALIGN;
			CHECK_EQ(rig_stats(h).in_use, need);
			rig_fill(p, n, 3);
			rig_check_sound(h);
			heap_free(h, p);
			CHECK_STR_EQ(rig_map(h), "u1 t");
		}
	}
}

TEST(an_aligned_block_is_carved_out_of_a_free_chunk)
{
	void *p;

	given("u1 f40 u1");
	p = heap_alloc_aligned(h, 16 * HEAP_ALIGN, rig_units(3));
	CHECK(p > rig_block[0] && p < rig_block[2]);
	CHECK_EQ((uintptr_t)p % (16 * HEAP_ALIGN), 0);
	rig_check_sound(h);
	heap_free(h, p);
	CHECK_STR_EQ(rig_map(h), "u1 f40 u1 t");
}

TEST(no_alignment_but_a_power_of_two_is_served)
{
	static const size_t wrong[] = {
		0, 3, 5, 24, 129, SIZE_MAX, 6, SIZE_MAX / 2, SIZE_MAX - 7};

	given("u2");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(heap_alloc_aligned(h, wrong[i], 8) == NULL);
	CHECK_STR_EQ(rig_map(h), "u2 t");
	rig_check_sound(h);
}

TEST(an_alignment_and_size_that_wrap_are_refused)
{
	given("u2");
	for (unsigned i = 6; i < WORD_BITS; i++) {
		size_t align = (size_t)1 << i;

		CHECK(heap_alloc_aligned(h, align, SIZE_MAX - align) == NULL);
		CHECK(heap_alloc_aligned(h, align, SIZE_MAX - align + 1) ==
		      NULL);
		CHECK(heap_alloc_aligned(h, align, SIZE_MAX) == NULL);
		CHECK(heap_alloc_aligned(h, align, HEAP_CHUNK_MAX - align) ==
		      NULL);
		CHECK(heap_alloc_aligned(h, align, (size_t)0 - align - 8) ==
		      NULL);
	}
	CHECK(heap_alloc_aligned(h, HEAP_CHUNK_MAX, 1) == NULL);
	CHECK(heap_alloc_aligned(h, SIZE_MAX / 2 + 1, 1) == NULL);
	CHECK_STR_EQ(rig_map(h), "u2 t");
	rig_check_sound(h);
}

TEST(the_largest_aligned_block_is_asked_of_the_port_and_none_larger)
{
	for (size_t align = 2 * HEAP_ALIGN; align <= 4096; align *= 2) {
		size_t n = HEAP_CHUNK_MAX - align - WORD_SIZE;

		h = rig_growing_heap(3072, RIG_ADJOIN);
		CHECK(heap_alloc_aligned(h, align, n + 1) == NULL);
		CHECK_EQ(rig.grows, 0);
		CHECK_EQ(rig_stats(h).failures, 0);
		CHECK(heap_alloc_aligned(h, align, n) == NULL);
		CHECK(rig.grows > 0);
		CHECK_EQ(rig_stats(h).failures, 1);
	}
}
