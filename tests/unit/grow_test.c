/* SPDX-License-Identifier: MIT */
/* Memory from the port: segments, refusals, strangers, trim. */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)16 << 10)

/* Blocks of one size until there is no more. */
static unsigned drain(struct heap *h, size_t n)
{
	unsigned blocks = 0;

	while (heap_alloc(h, n) != NULL)
		blocks++;
	return blocks;
}

/* ---- starting ---------------------------------------------------------- */

TEST(a_heap_takes_nothing_before_the_first_block)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	CHECK_EQ(rig.grows, 0);
	CHECK_EQ(rig_stats(h).taken, 0);
	CHECK_EQ(rig_stats(h).segments, 0);
	CHECK_STR_EQ(rig_map(h), "");
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_sound(h);
}

TEST(a_heap_that_is_empty_knows_no_pointers)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	RIG_NEEDS_CHECKS;
	heap_free(h, rig.bank[0].start + HEAP_ALIGN);
	rig_check_fault(HEAP_FAULT_FOREIGN, rig.bank[0].start + HEAP_ALIGN);
	CHECK(heap_alloc(h, 1) != NULL);
	rig_check_sound(h);
}

TEST(a_break_that_starts_anywhere_will_do)
{
	for (unsigned offset = 0; offset <= 17; offset++) {
		struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
		void *p;

		rig.bank[0].start += offset;
		rig.bank[0].brk = rig.bank[0].start;
		p = heap_alloc(h, 100);
		CHECK(p != NULL);
		CHECK_EQ((uintptr_t)p % HEAP_ALIGN, 0);
		CHECK((unsigned char *)p > rig.bank[0].start);
		rig_check_sound(h);
		drain(h, 40);
		rig_check_sound(h);
	}
}

TEST(a_region_of_any_size_gives_a_heap_or_nothing)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	for (size_t n = 0; n <= 256; n++) {
		struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
		uint32_t behind;
		void *p;

		rig.bank[0].end = rig.bank[0].start + n;
		rig_fill(rig.bank[0].end, 64, 1);
		behind = rig_hash(rig.bank[0].end, 64);
		p = heap_alloc(h, 1);
		CHECK((p != NULL) == (n >= 2 * HEAP_ALIGN));
		rig_check_sound(h);
		while (heap_alloc(h, 1) != NULL)
			rig_check_sound(h);
		CHECK_EQ(rig_hash(rig.bank[0].end, 64), behind);
		heap_free(h, p);
		CHECK(heap_alloc(h, 1) == p);
		rig_check_sound(h);
	}
}

TEST(the_last_bytes_are_taken_where_a_whole_step_is_refused)
{
	struct heap *h = rig_growing_heap(HEAP_GROW + 400, RIG_ADJOIN);
	size_t region = (size_t)(rig.bank[0].end - rig.bank[0].start);

	drain(h, 24);
	/* Less than a chunk, and what aligns one. */
	CHECK(region - rig.given < (HEAP_CHECK >= 3 ? 104 : 64));
	rig_check_sound(h);
}

/* ---- refusals ---------------------------------------------------------- */

TEST(a_refusal_at_any_call_is_survived)
{
	for (unsigned k = 1; k <= 12; k++) {
		struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
		unsigned served = 0, tries = 0;

		rig.fail_at = k;
		while (rig.grows <= k && tries++ < 200) {
			served += heap_alloc(h, 60) != NULL;
			rig_check_sound(h);
		}
		rig.fail_at = 0;
		CHECK(served > 0);
		heap_reset(h);
		CHECK(heap_alloc(h, 60) != NULL);
		rig_check_sound(h);
	}
}

TEST(a_refusal_is_null_and_later_there_may_be_more)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	size_t failures;

	rig.refuse = true;
	CHECK(heap_alloc(h, 10) == NULL);
	CHECK(heap_alloc(h, 10) == NULL);
	CHECK_EQ(rig_stats(h).failures, 2);
	rig_check_sound(h);
	rig.refuse = false;
	drain(h, 200);
	failures = rig_stats(h).failures;
	CHECK(heap_alloc(h, 300) == NULL);
	CHECK_EQ(rig_stats(h).failures, failures + 1);
	rig_check_sound(h);
}

TEST(a_growth_asks_the_port_four_times_at_most)
{
	for (int how = 0; how < RIG_BREAKS; how++) {
		struct heap *h = rig_growing_heap(MOST, (enum rig_break)how);
		unsigned before;
		size_t n = 1;

		do {
			before = rig.grows;
			n = n * 3 + 5;
			if (n > 1500)
				n = 1;
			heap_alloc(h, n);
			CHECK(rig.grows - before <= 4);
		} while (!rig.refuse && rig_stats(h).failures == 0);
		rig_check_sound(h);
	}
}

static void *null_break(void *ctx, ptrdiff_t increment)
{
	(void)ctx;
	(void)increment;
	return NULL;
}

static void *last_bytes(void *ctx, ptrdiff_t increment)
{
	(void)ctx;
	(void)increment;
	return (void *)(UINTPTR_MAX - 16);
}

TEST(answers_that_cannot_be_memory_are_refusals)
{
	struct heap_port port = rig_port;
	struct heap h = {.bins.lo = BINS_NOWHERE(&h), .port = &port};

	rig_start(NULL, 0, RIG_ADJOIN);
	port.sbrk = null_break;
	CHECK(heap_alloc(&h, 1) == NULL);
	port.sbrk = last_bytes;
	CHECK(heap_alloc(&h, 1) == NULL);
	rig_check_sound(&h);
}

/* ---- segments ---------------------------------------------------------- */

TEST(gifts_that_adjoin_are_one_segment)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	unsigned blocks = drain(h, 60);

	CHECK_EQ(rig_stats(h).segments, 1);
	CHECK_EQ(rig_stats(h).used_chunks, blocks);
	CHECK_EQ(rig_stats(h).taken, rig.given);
	CHECK(rig_stats(h).overhead < 3 * HEAP_ALIGN);
	rig_check_sound(h);
}

/* All memory is used but for a little a segment, and strangers' bytes none. */
static void check_break(enum rig_break how)
{
	struct heap *h = rig_growing_heap(MOST, how);
	struct heap_stats s;

	for (unsigned cycle = 0; cycle < 3; cycle++) {
		size_t n = 100;

		while (n > 1 || heap_alloc(h, n) != NULL)
			if (heap_alloc(h, n) == NULL)
				n = n / 2 + (n == 1);
			else
				rig_check_sound(h);
		s = rig_stats(h);
		CHECK(s.segments >= 2);
		CHECK(s.taken <= rig.given);
		/* A rest may be too small for a block and its trailer. */
		CHECK(HEAP_CHECK >= 3 ? s.largest_free == 0 : s.free == 0);
		CHECK(s.overhead <=
		      s.segments * (sizeof(struct segment) + 4 * HEAP_ALIGN));
		CHECK(rig_strangers_untouched());
		heap_reset(h);
		rig_check_sound(h);
		CHECK_EQ(rig_stats(h).used_chunks, 0);
		CHECK(rig_stats(h).free_chunks <= s.segments);
	}
}

TEST(what_strangers_take_is_never_touched)
{
	check_break(RIG_FOREIGN);
}

TEST(two_banks_that_answer_by_turns_serve)
{
	check_break(RIG_TURNS);
}

TEST(a_break_that_moves_downwards_serves)
{
	check_break(RIG_DOWN);
}

TEST(an_old_segments_rest_is_not_lost)
{
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);
	unsigned grows;
	size_t rest;

	CHECK(heap_alloc(h, HEAP_GROW / 2) != NULL);
	rest = rig_stats(h).largest_free;
	CHECK(heap_alloc(h, rest + 8) != NULL);
	CHECK(rig_stats(h).segments >= 2);
	grows = rig.grows;
	CHECK(heap_alloc(h, rest) != NULL);
	CHECK_EQ(rig.grows, grows);
	rig_check_sound(h);
}

TEST(blocks_of_all_segments_can_be_freed_and_resized)
{
	struct heap *h = rig_growing_heap(MOST, RIG_FOREIGN);
	void *p[12];
	unsigned n = 0;

	while (n < 12 && (p[n] = heap_alloc(h, HEAP_GROW / 3)) != NULL)
		n++;
	CHECK(rig_stats(h).segments >= 2);
	for (unsigned i = 0; i < n; i++) {
		CHECK(heap_usable_size(h, p[i]) >= HEAP_GROW / 3);
		CHECK_PTR_EQ(heap_resize(h, p[i], 20), p[i]);
		heap_free(h, p[i]);
		rig_check_sound(h);
	}
	CHECK_EQ(rig_stats(h).in_use, 0);
}

TEST(an_instance_grows_beyond_its_memory_when_its_port_can)
{
	size_t n;
	char *arena = rig_arena(&n, MOST);
	struct heap *h;

	rig_start(arena + 1024, n - 1024, RIG_ADJOIN);
	h = heap_create(arena, 1000, &rig_port_growing);
	CHECK(h != NULL);
	CHECK_EQ(rig.grows, 0);
	CHECK(heap_alloc(h, 900) != NULL);
	CHECK_EQ(rig_stats(h).segments, 2);
	rig_check_sound(h);
	heap_destroy(h);
	CHECK(heap_alloc(h, 1) == NULL);
}

TEST(an_instance_goes_on_into_memory_that_adjoins_it)
{
	size_t n;
	char *arena = rig_arena(&n, MOST);
	struct heap *h;

	rig_start(arena + 1024, n - 1024, RIG_ADJOIN);
	h = heap_create(arena, 1024, &rig_port_growing);
	CHECK(h != NULL);
	CHECK(heap_alloc(h, 900) != NULL);
	CHECK_EQ(rig_stats(h).segments, 1);
	rig_check_sound(h);
}

/* ---- trim -------------------------------------------------------------- */

TEST(trim_gives_back_what_is_free_at_the_end)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	void *p = heap_alloc(h, 100), *q = heap_alloc(h, HEAP_GROW);
	size_t taken, given;

	CHECK(p != NULL && q != NULL);
	heap_free(h, q);
	taken = rig_stats(h).taken;
	given = heap_trim(h, 0);
	CHECK(given >= HEAP_GROW);
	CHECK_EQ(rig_stats(h).taken, taken - given);
	CHECK_EQ(rig.given, taken - given);
	CHECK_STR_EQ(rig_map(h), WORD_SIZE == 4 ? "u13" : "u7");
	rig_check_sound(h);
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_PTR_EQ(heap_alloc(h, HEAP_GROW), q);
	rig_check_sound(h);
}

TEST(trim_keeps_what_it_is_told_to_keep)
{
	for (size_t keep = 0; keep < 600; keep += 13) {
		struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

		CHECK(heap_alloc(h, 100) != NULL);
		heap_trim(h, keep);
		CHECK(rig_stats(h).free >= keep);
		CHECK(rig_stats(h).free < keep + HEAP_ALIGN);
		rig_check_sound(h);
	}
}

TEST(trim_of_more_than_is_free_does_nothing)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	CHECK(heap_alloc(h, 100) != NULL);
	CHECK_EQ(heap_trim(h, HEAP_GROW), 0);
	CHECK_EQ(heap_trim(h, SIZE_MAX), 0);
	rig_check_sound(h);
}

TEST(trim_refuses_when_somebody_has_moved_the_break)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	CHECK(heap_alloc(h, 100) != NULL);
	rig.bank[0].brk += 8;
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_sound(h);
	rig.bank[0].brk -= 16;
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_sound(h);
}

TEST(an_arena_has_nothing_to_give_back)
{
	struct heap *h = rig_heap(MOST);

	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

TEST(trimmed_memory_is_not_read_again)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	CHECK(heap_alloc(h, 100) != NULL);
	CHECK(heap_trim(h, 0) != 0);
	CHECK(!bins_may_end(&h->bins, chunk_above(h->limit, HEAP_ALIGN)));
	CHECK(bins_may_end(&h->bins, h->limit));
	CHECK(!bins_may_hold(&h->bins, h->limit));
}

TEST(trim_gives_nothing_back_when_the_top_is_damaged)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	struct chunk *top;
	size_t *room, given;
	void *p;

	RIG_NEEDS_CHECKS;
	p = heap_alloc(h, 100);
	CHECK(p != NULL && heap_alloc(h, 100) != NULL);
	given = rig.given;
	top = h->top;
	h->top = mem_to_chunk(p);
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_fault(HEAP_FAULT_HEADER, NULL);
	h->top = top;
	room = (size_t *)&h->end;
	*room += 2 * HEAP_ALIGN;
	rig.bank[0].brk += 2 * HEAP_ALIGN;
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_fault(HEAP_FAULT_INVARIANT, NULL);
	*room -= 2 * HEAP_ALIGN;
	rig.bank[0].brk -= 2 * HEAP_ALIGN;
	CHECK_EQ(rig.given, given);
	rig_check_sound(h);
}

TEST(trim_gives_nothing_back_when_the_top_lies_elsewhere)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
		struct chunk *top;

		CHECK(heap_alloc(h, 100) != NULL);
		top = h->top;
		h->top = i == 0 ? chunk_above(h->limit, 2 * HEAP_ALIGN)
				: chunk_below(h->base, 2 * HEAP_ALIGN);
		CHECK_EQ(heap_trim(h, 0), 0);
		rig_check_fault(HEAP_FAULT_HEADER, NULL);
		h->top = top;
		CHECK(heap_trim(h, 0) != 0);
		rig_check_sound(h);
	}
}

TEST(trimmed_memory_is_foreign)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	void *p = heap_alloc(h, 100), *q = heap_alloc(h, HEAP_GROW);

	RIG_NEEDS_CHECKS;
	CHECK(p != NULL && q != NULL);
	heap_free(h, q);
	CHECK(heap_trim(h, 0) != 0);
	heap_free(h, (char *)q + 10 * HEAP_ALIGN);
	rig_check_fault(HEAP_FAULT_FOREIGN, (char *)q + 10 * HEAP_ALIGN);
	rig_check_sound(h);
}

TEST(a_segment_trimmed_to_nothing_is_known_when_the_next_lies_below)
{
	struct heap *h = rig_growing_heap(MOST, RIG_TURNS);
	void *p = heap_alloc(h, 8);

	heap_free(h, p);
	CHECK(heap_trim(h, 0) != 0);
	CHECK_EQ(rig_stats(h).free, 0);
	CHECK(heap_alloc(h, 8) < p);
	CHECK_EQ(rig_stats(h).segments, 2);
	rig_check_sound(h);
}
