/* SPDX-License-Identifier: MIT */
/* The bins: sizes to bins, lists, and the search. */
#include "bins.h"
#include "rig.h"

#define UNIT HEAP_ALIGN
#define GAP  (24 * UNIT) /* from chunk to chunk: room for 23 units and a head */

/* Bins and the chunks in them are in one piece, as in a heap of one's own. */
static struct bins *all;

/* Empty bins in the arena, before the places where chunks may be put at will. */
static struct bins *fresh(void)
{
	const size_t control = align_up(sizeof(*all), UNIT);
	size_t n;
	uintptr_t start = (uintptr_t)rig_arena(&n, control + 16 * GAP);

	all = (struct bins *)start;
	*all = (struct bins){
		.lo = start + control + WORD_SIZE,
		.units = (n - control) / UNIT,
		.key = 0x1234567,
	};
	/* No foot of an earlier test may fit by chance. */
	for (unsigned i = 0; i < n - control; i++)
		((unsigned char *)start + control)[i] = 0;
	return all;
}

/* The i-th place for a chunk; there are 14 or more even in 3 KiB. */
static struct chunk *place(unsigned i)
{
	return (struct chunk *)(all->lo + i * GAP);
}

static struct chunk *put(unsigned i, size_t units)
{
	heap_bins_insert(all, place(i), units * UNIT);
	return place(i);
}

/* Without seals there is nothing to be sound. */
static bool is_sound(const struct chunk *c)
{
	return HEAP_CHECK == 0 || heap_bins_is_sound(all, c);
}

static unsigned length(unsigned bin)
{
	unsigned n = 0;

	for (struct chunk *c = heap_bins_first(all, bin); c;
	     c = heap_bins_fwd(c))
		n++;
	return n;
}

/* The chunk that bins_find leads to; it leads back. */
static struct chunk *find(struct bins *b, size_t size)
{
	unsigned bin;
	struct chunk *back = bins_find(b, bins_hull(b), size, &bin);

	if (back == NULL)
		return NULL;
	if (back == bins_dressed(b, 1))
		return tiny_fwd(b->tiny);
	/* In the middle of a list no bin can turn empty: bin 0. */
	if (bin != 0 && back != bins_dressed(b, bin))
		return (struct chunk *)b;
	return back->fwd->back == back ? back->fwd : (struct chunk *)b;
}

/* ---- sizes ------------------------------------------------------------- */

TEST(bins_rise_with_the_sizes)
{
	unsigned last = 1;

	for (size_t size = UNIT; size <= (size_t)1 << 20; size += UNIT) {
		unsigned bin = bin_of(size);

		CHECK(bin == last || bin == last + 1);
		CHECK(bin < HEAP_BINS);
		last = bin;
	}
	CHECK(bin_of(HEAP_CHUNK_MAX - UNIT) >= last);
	CHECK_EQ(bin_of(HEAP_CHUNK_MAX - UNIT), HEAP_BINS - 1);
}

TEST(small_sizes_have_a_bin_each)
{
	for (unsigned i = 0; i < HEAP_EXACT_BINS; i++)
		CHECK_EQ(bin_of((i + 1) * UNIT), i + 1);
	CHECK_EQ(bin_of((HEAP_EXACT_BINS + 1) * UNIT), HEAP_EXACT_BINS + 1);
}

TEST(larger_sizes_have_two_bins_an_octave)
{
	for (size_t octave = 2 * HEAP_EXACT_BINS;; octave *= 2) {
		size_t half = octave + octave / 2;
		unsigned bin = bin_of(octave * UNIT);

		if (bin + 2 >= HEAP_BINS)
			break;
		CHECK_EQ(bin_of((octave - 1) * UNIT), bin - 1);
		CHECK_EQ(bin_of((half - 1) * UNIT), bin);
		CHECK_EQ(bin_of(half * UNIT), bin + 1);
		CHECK_EQ(bin_of((2 * octave - 1) * UNIT), bin + 1);
	}
}

/* ---- what may be a chunk ----------------------------------------------- */

TEST(only_aligned_places_inside_may_hold_a_chunk)
{
	struct bins b = {.lo = 1000 * UNIT + WORD_SIZE, .units = 5};

	for (uintptr_t i = 0; i < 12 * UNIT; i++) {
		uintptr_t at = 997 * UNIT + i;
		bool right = at >= b.lo && at < b.lo + 5 * UNIT &&
			     (at - b.lo) % UNIT == 0;

		CHECK_EQ(bins_may_hold(&b, (void *)at), right);
	}
	CHECK(!bins_may_hold(&b, NULL));
	CHECK(!bins_may_hold(&b, (void *)UINTPTR_MAX));
	CHECK(!bins_may_hold(&b, (void *)(b.lo - UNIT)));
}

TEST(a_heap_without_memory_may_hold_nothing)
{
	struct bins b = {0};

	CHECK(!bins_may_hold(&b, NULL));
	CHECK(!bins_may_hold(&b, &b));
	CHECK(!bins_may_hold(&b, (void *)WORD_SIZE));
}

/* ---- find -------------------------------------------------------------- */

TEST(empty_bins_find_nothing)
{
	struct bins *b = fresh();

	for (size_t units = 1; units < 100; units++)
		CHECK_PTR_EQ(find(b, units * UNIT), NULL);
	CHECK_PTR_EQ(find(b, HEAP_CHUNK_MAX - UNIT), NULL);
}

TEST(one_chunk_is_found_for_its_size_and_all_smaller_ones)
{
	for (size_t have = 1; have <= 23; have++) {
		struct bins *b = fresh();
		struct chunk *c = put(0, have);

		for (size_t want = 1; want <= 40; want++)
			CHECK_PTR_EQ(find(b, want * UNIT),
				     want <= have ? c : NULL);
	}
}

TEST(the_next_larger_bin_is_taken)
{
	struct bins *b = fresh();
	struct chunk *two = put(0, 2), *nine = put(1, 9), *five = put(2, 5);

	CHECK_PTR_EQ(find(b, 1 * UNIT), two);
	CHECK_PTR_EQ(find(b, 2 * UNIT), two);
	CHECK_PTR_EQ(find(b, 3 * UNIT), five);
	CHECK_PTR_EQ(find(b, 5 * UNIT), five);
	CHECK_PTR_EQ(find(b, 6 * UNIT), nine);
	CHECK_PTR_EQ(find(b, 10 * UNIT), NULL);
}

TEST(a_bin_of_several_sizes_is_searched_so_far_and_no_further)
{
	for (unsigned before = 0; before < HEAP_SEARCH + 3; before++) {
		struct bins *b = fresh();
		struct chunk *fits = put(0, 23);

		for (unsigned i = 1; i <= before; i++)
			put(i, 17);
		CHECK_PTR_EQ(find(b, 20 * UNIT),
			     before < HEAP_SEARCH ? fits : NULL);
	}
}

TEST(behind_a_searched_bin_comes_the_next)
{
	struct bins *b = fresh();
	struct chunk *large;

	for (unsigned i = 0; i < 3; i++)
		put(i, 17);
	large = put(4, 30);
	CHECK_PTR_EQ(find(b, 18 * UNIT), large);
	CHECK_PTR_EQ(find(b, 17 * UNIT), place(2));
}

/* ---- insert and remove ------------------------------------------------- */

TEST(chunks_of_one_size_are_found_last_in_first_out)
{
	for (size_t units = 1; units <= 20; units++) {
		struct bins *b = fresh();

		for (unsigned i = 0; i < 5; i++) {
			put(i, units);
			CHECK_PTR_EQ(find(b, units * UNIT), place(i));
		}
		for (unsigned i = 5; i-- > 0;) {
			CHECK_PTR_EQ(find(b, units * UNIT), place(i));
			heap_bins_remove(b, place(i));
		}
		CHECK_EQ(b->map, 0);
	}
}

TEST(a_larger_chunk_goes_behind_a_smaller_first)
{
	struct bins *b = fresh();
	unsigned bin = bin_of(17 * UNIT);
	struct chunk *middle = put(0, 19), *large = put(1, 22);
	struct chunk *larger = put(2, 23), *small = put(3, 17);

	CHECK_PTR_EQ(heap_bins_first(b, bin), small);
	CHECK_PTR_EQ(heap_bins_fwd(small), middle);
	CHECK_PTR_EQ(heap_bins_fwd(middle), larger);
	CHECK_PTR_EQ(heap_bins_fwd(larger), large);
	CHECK_PTR_EQ(heap_bins_fwd(large), NULL);
	CHECK_PTR_EQ(find(b, 18 * UNIT), middle);
}

/* Any one of five can be taken out, and four sound ones stay. */
static void check_remove(size_t units, unsigned which)
{
	struct bins *b = fresh();
	unsigned bin = bin_of(units * UNIT);

	for (unsigned i = 0; i < 5; i++)
		put(i, units);
	heap_bins_remove(b, place(which));
	CHECK_EQ(length(bin), 4);
	CHECK_EQ(b->map, (size_t)1 << bin);
	for (unsigned i = 0; i < 5; i++)
		if (i != which)
			CHECK(is_sound(place(i)));
	for (unsigned i = 0; i < 5; i++)
		if (i != which)
			heap_bins_remove(b, place(i));
	CHECK_EQ(b->map, 0);
	CHECK_PTR_EQ(heap_bins_first(b, bin), NULL);
	CHECK_PTR_EQ(find(b, units * UNIT), NULL);
}

TEST(first_middle_and_last_can_be_removed)
{
	for (unsigned which = 0; which < 5; which++) {
		check_remove(1, which);
		check_remove(2, which);
		check_remove(16, which);
		check_remove(17, which);
		check_remove(23, which);
	}
}

TEST(a_bit_of_the_map_is_set_while_its_bin_has_a_chunk)
{
	struct bins *b = fresh();

	for (unsigned i = 0; i < 10; i++) {
		put(i, 2 * i + 1);
		CHECK((b->map >> bin_of((2 * i + 1) * UNIT) & 1) != 0);
	}
	for (unsigned i = 0; i < 10; i++) {
		unsigned bin = bin_of((2 * i + 1) * UNIT);

		heap_bins_remove(b, place(i));
		CHECK_EQ(b->map >> bin & 1, length(bin) != 0);
	}
	CHECK_EQ(b->map, 0);
}

TEST(a_new_free_chunk_has_its_size_at_both_ends)
{
	for (size_t units = 1; units <= 23; units++) {
		fresh();

		struct chunk *c = put(0, units);
		size_t foot = chunk_prev_foot(chunk_above(c, units * UNIT));

		CHECK(!chunk_is_used(c));
		CHECK(chunk_is_prev_used(c));
		CHECK_EQ(chunk_free_size(c), units * UNIT);
		CHECK_EQ(chunk_foot_size(foot), units * UNIT);
		CHECK_EQ(chunk_is_tiny(c), units == 1);
		CHECK(is_sound(c));
	}
}

/* ---- damage ------------------------------------------------------------ */

/* Change a word of a free chunk between two others: it must show. */
static void check_damage(size_t units, size_t word, size_t change,
			 enum heap_fault_kind kind)
{
	struct bins *b = fresh();
	size_t *words;

	put(0, units);
	words = (size_t *)put(1, units);
	put(2, units);
	words[word] ^= change;
	CHECK(!heap_bins_is_sound(b, place(1)));
	CHECK_EQ(b->damage.kind, kind);
	CHECK_PTR_EQ(b->damage.chunk, place(1));
}

/* A size that leads to a place for a chunk finds no such foot there. */
static enum heap_fault_kind of_head(size_t size, size_t bit)
{
	size ^= bit;
	fresh();
	return size % UNIT == 0 && size / UNIT < all->units - GAP / UNIT
		       ? HEAP_FAULT_NEIGHBOUR
		       : HEAP_FAULT_HEADER;
}

TEST(every_flipped_bit_of_a_free_chunk_shows)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < WORD_BITS; i++) {
		size_t bit = (size_t)1 << i;

		if (bit != CHUNK_USED && bit != CHUNK_LINK)
			check_damage(5, 0, bit, of_head(5 * UNIT, bit));
		check_damage(5, 1, bit, HEAP_FAULT_LINK);
		check_damage(5, 2, bit, HEAP_FAULT_LINK);
		check_damage(5, 9, bit, HEAP_FAULT_NEIGHBOUR);
		/* P of a tiny one means nothing: it is always 1. */
		if (bit != CHUNK_PREV_USED && bit != CHUNK_LINK)
			check_damage(1, 0, bit, HEAP_FAULT_LINK);
		check_damage(1, 1, bit, HEAP_FAULT_LINK);
	}
	check_damage(5, 0, CHUNK_USED, HEAP_FAULT_LINK);
	check_damage(5, 0, CHUNK_LINK, HEAP_FAULT_LINK);
	check_damage(1, 0, CHUNK_LINK, HEAP_FAULT_HEADER);
}

TEST(what_lies_outside_is_not_sound)
{
	struct bins *b = fresh();

	CHECK(!heap_bins_is_sound(b, (struct chunk *)(b->lo - UNIT)));
	CHECK(!heap_bins_is_sound(b, (struct chunk *)(b->lo + 1)));
	CHECK(!heap_bins_is_sound(b, chunk_above(place(0), b->units * UNIT)));
	CHECK_EQ(b->damage.kind, HEAP_FAULT_LINK);
	CHECK_PTR_EQ(b->damage.chunk, b->lo - UNIT);
}

TEST(nothing_is_put_before_a_damaged_chunk)
{
	static const size_t units[] = {1, 5, 20};

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 3; i++) {
		struct bins *b = fresh();
		size_t *words = (size_t *)put(0, units[i]);

		CHECK(heap_bins_accept(b, units[i] * UNIT));
		words[units[i] == 1 ? 1 : 2] ^= UNIT;
		CHECK(!heap_bins_accept(b, units[i] * UNIT));
	}
}

TEST(the_first_blame_stays)
{
	struct bins *b = fresh();

	CHECK(!heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, place(0)));
	CHECK(!heap_bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, place(1)));
	CHECK_EQ(b->damage.kind, HEAP_FAULT_LINK);
	CHECK_EQ(b->damage.invariant, HEAP_I6);
	CHECK_PTR_EQ(b->damage.chunk, place(0));
}

/* ---- links of neighbours ------------------------------------------------ */

/* Three in a row: what leads to the middle one is damaged, not itself. */
static void given_three(size_t units)
{
	fresh();
	put(0, units);
	put(1, units);
	put(2, units);
}

/* The word of a tiny chunk, or of another, that leads back. */
static size_t *back_word(unsigned i, size_t units)
{
	return (size_t *)place(i) + (units == 1 ? 1 : 2);
}

static size_t *fwd_word(unsigned i, size_t units)
{
	return (size_t *)place(i) + (units == 1 ? 0 : 1);
}

static void check_not_sound(unsigned i)
{
	all->damage = (struct damage){0};
	CHECK(!heap_bins_is_sound(all, place(i)));
	CHECK_EQ(all->damage.kind, HEAP_FAULT_LINK);
	CHECK_EQ(all->damage.invariant, HEAP_I6);
	CHECK_PTR_EQ(all->damage.chunk, place(i));
}

static const size_t bin_kinds[] = {1, 2, 5, 16, 17, 23};
#define KINDS (sizeof(bin_kinds) / sizeof(*bin_kinds))

TEST(a_chunk_to_which_a_neighbour_does_not_lead_is_not_sound)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < KINDS; i++) {
		size_t units = bin_kinds[i];

		/* [bin]->[2]->[1]->[0] */
		given_three(units);
		*fwd_word(2, units) ^= 8 * UNIT;
		check_not_sound(1);
		given_three(units);
		*back_word(0, units) ^= 8 * UNIT;
		check_not_sound(1);
		given_three(units);
		*back_word(1, units) ^= 8 * UNIT;
		check_not_sound(2);
		/* The bin leads to another, the last one elsewhere. */
		given_three(units);
		heap_bins_remove(all, place(0));
		if (units == 1)
			all->tiny = tiny_head(place(1));
		else
			all->head[bin_of(units * UNIT) - 2] = place(1);
		check_not_sound(2);
		given_three(units);
		*fwd_word(0, units) =
			units == 1 ? tiny_head(place(9)) : (size_t)place(9);
		check_not_sound(0);
	}
}

/* Out of the list only when both neighbours lead to it; else nothing is done. */
TEST(a_chunk_to_which_a_neighbour_does_not_lead_stays_where_it_is)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < KINDS; i++) {
		size_t units = bin_kinds[i];

		for (unsigned k = 0; k < 4; k++) {
			uint32_t before;

			given_three(units);
			if (k == 0)
				*fwd_word(2, units) ^= 8 * UNIT;
			else if (k == 1)
				*back_word(0, units) ^= 8 * UNIT;
			else if (k == 2)
				*back_word(1, units) ^= 8 * UNIT;
			else
				*fwd_word(1, units) ^= 8 * UNIT;
			before = rig_hash(all, sizeof(*all) + 3 * GAP);
			heap_bins_remove(all, place(1));
			CHECK_EQ(rig_hash(all, sizeof(*all) + 3 * GAP), before);
		}
	}
}

/* Behind the heads lies `lo`, which is the address of the first chunk. */
TEST(a_word_behind_the_bins_is_no_bin)
{
	const size_t units = 5;
	struct chunk *c;

	RIG_NEEDS_CHECKS;
	fresh();
	c = put(0, units);
	CHECK_PTR_EQ(c, all->lo);
	CHECK_PTR_EQ(bins_dressed(all, HEAP_BINS)->fwd, c);
	c->back = bins_dressed(all, HEAP_BINS);
	check_not_sound(0);
	heap_bins_remove(all, c);
	CHECK_PTR_EQ(all->lo, c);
}

/* ---- taken out and put back ---------------------------------------------- */

TEST(what_is_restored_is_as_it_was)
{
	for (unsigned i = 0; i < KINDS; i++) {
		size_t units = bin_kinds[i];

		for (unsigned n = 1; n <= 3; n++) {
			for (unsigned k = 0; k < n * n; k++) {
				unsigned one = k % n, two = k / n;
				uint32_t before;

				fresh();
				put(4, units == 5 ? 6 : 5);
				for (unsigned j = 0; j < n; j++)
					put(j, units);
				before = rig_hash(all, sizeof(*all) + 5 * GAP);
				heap_bins_remove(all, place(one));
				if (two != one)
					heap_bins_remove(all, place(two));
				CHECK(rig_hash(all, sizeof(*all) + 5 * GAP) !=
				      before);
				if (two != one)
					heap_bins_restore(all, place(two));
				heap_bins_restore(all, place(one));
				CHECK_EQ(rig_hash(all, sizeof(*all) + 5 * GAP),
					 before);
			}
		}
	}
}

/* ---- may one be put there ------------------------------------------------- */

TEST(a_bin_is_asked_before_a_chunk_is_put_there)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < KINDS; i++) {
		size_t units = bin_kinds[i], size = units * UNIT;
		uint32_t before;

		fresh();
		CHECK(heap_bins_accept(all, size));
		put(0, units);
		CHECK(heap_bins_accept(all, size));
		put(1, units);
		CHECK(heap_bins_accept(all, size));
		before = rig_hash(all, sizeof(*all) + 3 * GAP);
		*back_word(1, units) ^= 8 * UNIT;
		CHECK(!heap_bins_accept(all, size));
		*back_word(1, units) ^= 8 * UNIT;
		CHECK(heap_bins_accept(all, size));
		/* The second, which a larger one would come in front of. */
		*back_word(0, units) ^= 8 * UNIT;
		CHECK_EQ(heap_bins_accept(all, size), units == 1);
		*back_word(0, units) ^= 8 * UNIT;
		/* What is no place for a chunk. */
		if (units == 1)
			all->tiny = tiny_head(chunk_below(place(0), UNIT));
		else
			all->head[bin_of(size) - 2] =
				chunk_below(place(0), UNIT);
		CHECK(!heap_bins_accept(all, size));
		if (units == 1)
			all->tiny = tiny_head(place(1));
		else
			all->head[bin_of(size) - 2] = place(1);
		CHECK_EQ(rig_hash(all, sizeof(*all) + 3 * GAP), before);
	}
}

/* Nothing is done when it would be put before, or behind, a damaged one. */
TEST(a_chunk_is_not_put_beside_a_damaged_one)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < KINDS; i++) {
		for (unsigned k = 0; k < 2; k++) {
			size_t units = bin_kinds[i];
			uint32_t before;

			fresh();
			put(0, units);
			put(1, units == 23 ? 18 : units);
			*back_word(k == 0 ? 1 : 0, units) ^= 8 * UNIT;
			before = rig_hash(all, sizeof(*all) + 4 * GAP);
			/* 23 would come behind 18, before the other 23. */
			if (k == 1 && units != 23)
				continue;
			CHECK(!heap_bins_insert(all, place(3), units * UNIT));
			CHECK_EQ(rig_hash(all, sizeof(*all) + 4 * GAP), before);
		}
	}
}

/* A search looks at what it is led to, and at nothing further. */
TEST(a_search_stops_before_what_is_no_chunk)
{
	struct chunk *back;
	unsigned bin;

	RIG_NEEDS_CHECKS;
	for (unsigned at = 0; at < HEAP_SEARCH - 1; at++) {
		fresh();
		put(0, 22);
		for (unsigned i = 1; i < HEAP_SEARCH; i++)
			put(i, 17);
		/* In their list: HEAP_SEARCH - 1, ..., 2, 1, 0. */
		back = place(HEAP_SEARCH - 1 - at);
		back->fwd = (struct chunk *)((uintptr_t)back->fwd + 1);
		CHECK_PTR_EQ(bins_find(all, bins_hull(all), 20 * UNIT, &bin),
			     back);
		CHECK_EQ(bin, 0);
	}
}

/* ---- the last bin, and behind it ------------------------------------------- */

/* Of chunks so large only the links are there. */
static struct chunk *put_large(unsigned i, size_t size)
{
	struct chunk *c = place(i);

	bins_link(all, bins_hull(all), c, size);
	c->head = size | CHUNK_PREV_USED;
	return c;
}

TEST(the_last_bin_holds_all_that_is_larger)
{
	const unsigned last = HEAP_BINS - 1;
	const size_t most = HEAP_CHUNK_MAX - UNIT;
	size_t least = most;
	struct chunk *c, *larger;

	fresh();
	while (bin_of(least / 2 / UNIT * UNIT) == last)
		least = least / 2 / UNIT * UNIT;
	c = put_large(0, least);
	CHECK_EQ(all->map, (size_t)1 << last);
	CHECK_PTR_EQ(heap_bins_first(all, last), c);
	for (size_t size = UNIT; size <= least; size *= 2)
		CHECK_PTR_EQ(find(all, size), c);
	CHECK_PTR_EQ(find(all, least), c);
	CHECK_PTR_EQ(find(all, most), NULL);
	larger = put_large(1, most);
	CHECK_PTR_EQ(find(all, most), larger);
	CHECK_PTR_EQ(find(all, least), c);
	CHECK_PTR_EQ(all->lo, place(0));
	heap_bins_remove(all, c);
	heap_bins_remove(all, larger);
	CHECK_EQ(all->map, 0);
}

/* With 32 bits they would lead to words of the control block. */
TEST(a_bit_of_no_bin_leads_nowhere)
{
	unsigned bin;

	RIG_NEEDS_CHECKS;
	fresh();
	for (unsigned bit = HEAP_BINS; WORD_BITS > 32 && bit < WORD_BITS; bit++)
		for (size_t size = UNIT; size < HEAP_CHUNK_MAX; size *= 2) {
			all->map = (size_t)1 << bit;
			CHECK_PTR_EQ(bins_find(all, bins_hull(all), size, &bin),
				     NULL);
		}
}
