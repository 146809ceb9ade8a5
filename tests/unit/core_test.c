/* SPDX-License-Identifier: MIT */
/* Take a chunk, give it back: splitting and coalescing, drawn as maps. */
#include "rig.h"

#define MOST ((size_t)4096)

static struct heap *h;

static void given(const char *plan)
{
	h = rig_heap(MOST);
	CHECK(h != NULL);
	rig_lay(h, plan);
}

static void *take(size_t units)
{
	return heap_alloc(h, rig_units(units));
}

static void expect(const char *map)
{
	CHECK_STR_EQ(rig_map(h), map);
	rig_check_sound(h);
}

/* ---- give -------------------------------------------------------------- */

TEST(free_between_two_used_chunks_stays_alone)
{
	given("u2 u3 u4");
	heap_free(h, rig_block[1]);
	expect("u2 f3 u4 t");
}

TEST(free_between_two_free_chunks_leaves_one_chunk)
{
	given("f2 u3 f4 u2");
	heap_free(h, rig_block[1]);
	expect("f9 u2 t");
}

TEST(free_behind_a_free_chunk_joins_it)
{
	given("f2 u3 u2");
	heap_free(h, rig_block[1]);
	expect("f5 u2 t");
}

TEST(free_before_a_free_chunk_joins_it)
{
	given("u3 f2 u2");
	heap_free(h, rig_block[0]);
	expect("f5 u2 t");
}

TEST(free_below_the_top_joins_it)
{
	given("u3 u2");
	heap_free(h, rig_block[1]);
	expect("u3 t");
	heap_free(h, rig_block[0]);
	expect("t");
}

TEST(free_between_a_free_chunk_and_the_top_joins_both)
{
	given("u2 f3 u2");
	heap_free(h, rig_block[2]);
	expect("u2 t");
}

/* A plan or a map under construction. */
static char text[64];
static size_t text_used;

static void add(char letter, size_t units)
{
	if (units == 0)
		return;
	if (text_used != 0)
		text[text_used++] = ' ';
	text[text_used++] = letter;
	if (units >= 10)
		text[text_used++] = (char)('0' + units / 10);
	text[text_used++] = (char)('0' + units % 10);
	text[text_used] = '\0';
}

/*
 * [u2][prev][own][next][u2], prev and next free or, if of no units, absent;
 * or the top behind own.
 */
static void check_neighbours(size_t prev, size_t own, size_t next, bool top)
{
	text_used = 0;
	add('u', 2);
	add('f', prev);
	add('u', own);
	add('f', next);
	add('u', top ? 0 : 2);
	given(text);

	heap_free(h, rig_block[prev != 0 ? 2 : 1]);
	text_used = 0;
	add('u', 2);
	add('f', top ? 0 : prev + own + next);
	add('u', top ? 0 : 2);
	text[text_used++] = ' ';
	text[text_used++] = 't';
	text[text_used] = '\0';
	expect(text);
}

TEST(any_neighbours_of_any_size_are_coalesced)
{
	static const size_t none_tiny_larger[] = {0, 1, 2, 5, 20};

	for (size_t i = 0; i < 5; i++) {
		for (size_t own = 1; own <= 3; own++) {
			size_t prev = none_tiny_larger[i];

			check_neighbours(prev, own, 0, true);
			for (size_t j = 0; j < 5; j++)
				check_neighbours(prev, own, none_tiny_larger[j],
						 false);
		}
	}
}

TEST(a_free_first_chunk_has_no_chunk_before)
{
	given("u1 u1");
	heap_free(h, rig_block[0]);
	expect("f1 u1 t");
	heap_free(h, rig_block[1]);
	expect("t");
}

TEST(free_of_nothing_does_nothing)
{
	unsigned locks;

	given("u2");
	locks = rig.locks;
	heap_free(h, NULL);
	CHECK_EQ(rig.locks, locks);
	expect("u2 t");
}

/* ---- take -------------------------------------------------------------- */

TEST(an_exact_fit_is_found_among_others)
{
	for (size_t units = 1; units <= 16; units++) {
		size_t more = units + 1;

		text_used = 0;
		add('f', more);
		add('u', 1);
		add('f', units);
		add('u', 1);
		add('f', more + 1);
		add('u', 1);
		given(text);
		CHECK_PTR_EQ(take(units), rig_block[2]);
		rig_check_sound(h);
	}
}

TEST(a_larger_chunk_is_split_and_the_rest_stays_free)
{
	given("f5 u2");
	CHECK_PTR_EQ(take(2), rig_block[0]);
	expect("u2 f3 u2 t");
}

TEST(the_rest_of_a_split_may_be_tiny)
{
	given("f5 u2");
	CHECK_PTR_EQ(take(4), rig_block[0]);
	expect("u4 f1 u2 t");
	CHECK_PTR_EQ(take(1), (char *)rig_block[0] + 4 * HEAP_ALIGN);
	expect("u4 u1 u2 t");
}

TEST(a_whole_chunk_leaves_no_rest)
{
	given("f3 u2");
	CHECK_PTR_EQ(take(3), rig_block[0]);
	expect("u3 u2 t");
}

TEST(a_tiny_chunk_serves_the_smallest_requests)
{
	given("u2 f1 u2");
	CHECK_PTR_EQ(heap_alloc(h, 0), rig_block[1]);
	expect("u2 u1 u2 t");
}

TEST(the_top_is_cut_only_when_no_chunk_fits)
{
	given("f3 u2");
	CHECK_PTR_EQ(take(4), (char *)rig_block[1] + 2 * HEAP_ALIGN);
	expect("f3 u2 u4 t");
	CHECK_PTR_EQ(take(3), rig_block[0]);
	expect("u3 u2 u4 t");
}

TEST(the_chunk_freed_last_is_taken_first)
{
	given("u2 u1 u2 u1 u2 u1");
	heap_free(h, rig_block[4]);
	heap_free(h, rig_block[0]);
	heap_free(h, rig_block[2]);
	CHECK_PTR_EQ(take(2), rig_block[2]);
	CHECK_PTR_EQ(take(2), rig_block[0]);
	CHECK_PTR_EQ(take(2), rig_block[4]);
	rig_check_sound(h);
}

TEST(the_top_serves_to_its_last_byte)
{
	size_t n;
	void *p;

	given("u2");
	n = rig_stats(h).largest_free;
	CHECK(heap_alloc(h, n + 1) == NULL);
	p = heap_alloc(h, n);
	CHECK(p != NULL);
	rig_check_sound(h);
	CHECK_EQ(rig_stats(h).free, 0);
	CHECK(heap_alloc(h, 0) == NULL);
	heap_free(h, p);
	expect("u2 t");
	CHECK_EQ(rig_stats(h).largest_free, n);
}

TEST(a_chunk_that_fits_is_found_while_the_top_is_empty)
{
	given("u2 f3 u2");
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	CHECK(take(4) == NULL);
	CHECK_PTR_EQ(take(3), rig_block[1]);
	rig_check_sound(h);
}

TEST(what_cannot_be_served_changes_nothing)
{
	uint32_t before;

	given("f2 u3 f1 u2");
	before = rig_hash(rig_block[0], 8 * HEAP_ALIGN);
	CHECK(heap_alloc(h, MOST) == NULL);
	CHECK_EQ(rig_hash(rig_block[0], 8 * HEAP_ALIGN), before);
	expect("f2 u3 f1 u2 t");
}

TEST(payload_is_never_touched)
{
	given("u1 f2 u3 f4 u5 f1 u6");
	heap_free(h, take(1));
	heap_free(h, take(2));
	heap_free(h, take(3));
	heap_free(h, take(7));
	CHECK(rig_filled(rig_block[0], rig_units(1), 0));
	CHECK(rig_filled(rig_block[2], rig_units(3), 2));
	CHECK(rig_filled(rig_block[4], rig_units(5), 4));
	CHECK(rig_filled(rig_block[6], rig_units(6), 6));
	expect("u1 f2 u3 f4 u5 f1 u6 t");
}
