/* SPDX-License-Identifier: MIT */
/*
 * What other suites pass by: damage met where no lock is, in tiny chunks and at
 * the very end of a segment; and calls that are refused before they look.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)

static struct heap *h;

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	rig_port.fault(ctx, fault);
}

/* No lock: the path on which malloc and free do all by themselves. */
static const struct heap_port unlocked_port = {.fault = on_fault};

/* A word that is broken on purpose. */
static struct {
	size_t *at;
	size_t was;
	unsigned char *arena;
	size_t size;
	uint32_t hash;
} broken;

static void lay(const struct heap_port *port, const char *plan)
{
	broken.arena = rig_arena(&broken.size, MOST);
	h = heap_create(broken.arena, broken.size, port);
	CHECK(h != NULL);
	rig_lay(h, plan);
}

static void smash(size_t *at, size_t value)
{
	broken.at = at;
	broken.was = *at;
	*at = value;
	broken.hash = rig_hash(broken.arena, broken.size);
}

static size_t *word_of(unsigned i, size_t word)
{
	return (size_t *)mem_to_chunk(rig_block[i]) + word;
}

/* One fault of this kind, and not a byte changed; sound once it is mended. */
static void expect(enum heap_fault_kind kind, enum heap_invariant invariant)
{
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, kind);
	CHECK_EQ(rig.fault.invariant, invariant);
	CHECK_EQ(rig_hash(broken.arena, broken.size), broken.hash);
	rig.faults = 0;
	*broken.at = broken.was;
	rig_check_sound(h);
}

static void expect_free_refused(unsigned i, enum heap_fault_kind kind,
				enum heap_invariant invariant)
{
	heap_free(h, rig_block[i]);
	CHECK_PTR_EQ(rig.fault.mem, rig_block[i]);
	expect(kind, invariant);
	heap_free(h, rig_block[i]);
	rig_check_sound(h);
}

static const struct heap_port *const ports[] = {&rig_port, &unlocked_port};

/* ---- tiny chunks -------------------------------------------------------- */

TEST(a_tiny_neighbour_with_a_damaged_link_is_not_taken)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2 * 2 * 2; i++) {
		unsigned block = i % 2 == 0 ? 0 : 2;
		size_t *at;

		lay(ports[i / 4], "u2 f1 u2 f1 u1");
		at = word_of(1, i / 2 % 2);
		smash(at, *at ^ HEAP_ALIGN);
		expect_free_refused(block, HEAP_FAULT_LINK, HEAP_I6);
	}
}

TEST(a_tiny_neighbour_whose_marks_are_lost_is_not_taken)
{
	static const size_t masks[] = {CHUNK_USED, CHUNK_PREV_USED, CHUNK_LINK};

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 3 * 2; i++) {
		lay(ports[i / 3], "u2 f1 u2 u1");
		smash(word_of(1, 0), *word_of(1, 0) ^ masks[i % 3]);
		heap_free(h, rig_block[2]);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig_hash(broken.arena, broken.size), broken.hash);
	}
	/* A foot that says it is one, of a chunk that is not free. */
	lay(&rig_port, "u2 f1 u2 u1");
	smash(word_of(1, 1), *word_of(1, 1) ^ CHUNK_LINK);
	heap_free(h, rig_block[2]);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig_hash(broken.arena, broken.size), broken.hash);
}

/* The joint chunk of 4 has no place, so the tiny one goes back to its own. */
TEST(a_tiny_chunk_goes_back_when_freeing_is_refused)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		lay(ports[i], "f1 u3 u1 f4 u1 f1 u1");
		smash(word_of(3, 2), *word_of(3, 2) ^ HEAP_ALIGN);
		expect_free_refused(1, HEAP_FAULT_LINK, HEAP_I6);
		lay(ports[i], "u1 f1 u3 f1 u1 f5 u1");
		smash(word_of(5, 2), *word_of(5, 2) ^ HEAP_ALIGN);
		expect_free_refused(2, HEAP_FAULT_LINK, HEAP_I6);
		lay(ports[i], "f1 u3 u1 f4 u1");
		smash(word_of(3, 2), *word_of(3, 2) ^ HEAP_ALIGN);
		expect_free_refused(1, HEAP_FAULT_LINK, HEAP_I6);
	}
}

TEST(a_tiny_chunk_is_not_put_before_a_damaged_one)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		lay(ports[i], "u2 f1 u2 u1 u2");
		smash(word_of(1, 1), *word_of(1, 1) ^ HEAP_ALIGN);
		expect_free_refused(3, HEAP_FAULT_LINK, HEAP_I6);
		/* The rest of an allocation, too. */
		lay(ports[i], "u2 f1 u2 f6 u2");
		smash(word_of(1, 1), *word_of(1, 1) ^ HEAP_ALIGN);
		CHECK_PTR_EQ(heap_alloc(h, rig_units(5)), NULL);
		expect(HEAP_FAULT_LINK, HEAP_I6);
		smash(&h->bins.tiny, 2 * HEAP_ALIGN);
		CHECK_PTR_EQ(heap_alloc(h, rig_units(5)), NULL);
		expect(HEAP_FAULT_LINK, HEAP_I6);
	}
}

/* ---- without a lock ----------------------------------------------------- */

TEST(damage_is_told_where_no_lock_is)
{
	RIG_NEEDS_CHECKS;
	lay(&unlocked_port, "u2 f3 u2 f5 u2");
	smash(word_of(1, 1), *word_of(1, 1) ^ HEAP_ALIGN);
	expect_free_refused(0, HEAP_FAULT_LINK, HEAP_I6);
	lay(&unlocked_port, "u2 f3 u2 f5 u2");
	smash(word_of(1, 2), *word_of(1, 2) ^ HEAP_ALIGN);
	expect_free_refused(2, HEAP_FAULT_LINK, HEAP_I6);
	lay(&unlocked_port, "u2 f3 u2 f5 u2");
	smash(word_of(1, 2), *word_of(1, 2) ^ HEAP_ALIGN);
	CHECK_PTR_EQ(heap_alloc(h, rig_units(3)), NULL);
	expect(HEAP_FAULT_LINK, HEAP_I6);
	smash(word_of(2, 0), *word_of(2, 0) ^ HEAP_ALIGN);
	CHECK_EQ(heap_usable_size(h, rig_block[2]), 0);
	expect(HEAP_FAULT_HEADER, HEAP_I1);
	smash(&h->top->head, 0);
	CHECK_PTR_EQ(heap_alloc(h, rig_units(9)), NULL);
	expect(HEAP_FAULT_HEADER, HEAP_I9);
	/* Nor when it has to grow first. */
	smash(&h->top->head, 0);
	CHECK_PTR_EQ(heap_alloc(h, 2 * MOST), NULL);
	expect(HEAP_FAULT_HEADER, HEAP_I9);
}

TEST(exhaustion_is_no_fault_where_no_lock_is)
{
	lay(&unlocked_port, "u2");
	CHECK_PTR_EQ(heap_alloc(h, 2 * MOST), NULL);
	CHECK_PTR_EQ(heap_alloc(h, HEAP_CHUNK_MAX), NULL);
	CHECK_EQ(rig.faults, 0);
	CHECK_EQ(rig_stats(h).failures, 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(the_next_header_is_looked_at_before_a_block_is_freed)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		/* Its seal is broken. */
		lay(ports[i], "u2 u2 u2");
		smash(word_of(1, 0), *word_of(1, 0) ^ HEAP_ALIGN);
		expect_free_refused(0, HEAP_FAULT_NEIGHBOUR, HEAP_I4);
		/* It says that this block is free. */
		lay(ports[i], "u2 u2 u2");
		smash(word_of(1, 0), *word_of(1, 0) ^ CHUNK_FLIP);
		expect_free_refused(0, HEAP_FAULT_NEIGHBOUR, HEAP_I4);
		/* It is overwritten with text. */
		lay(ports[i], "u2 u2 u2");
		smash(word_of(1, 0), (size_t)0x6f6c6c65u);
		expect_free_refused(0, HEAP_FAULT_NEIGHBOUR, HEAP_I4);
	}
}

TEST(a_foot_that_leads_to_a_used_chunk_is_told)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		lay(ports[i], "u2 u2 f3 u2 u1");
		smash(word_of(3, 0) - 1, 5 * HEAP_ALIGN);
		expect_free_refused(3, HEAP_FAULT_NEIGHBOUR, HEAP_I5);
		lay(ports[i], "u2 u2 f3 u2 u1");
		smash(word_of(3, 0) - 1, 1000 * HEAP_ALIGN);
		expect_free_refused(3, HEAP_FAULT_NEIGHBOUR, HEAP_I5);
	}
}

/* ---- bins of several sizes ---------------------------------------------- */

/* The one in front is smaller, and the one behind it damaged. */
TEST(a_chunk_is_not_put_behind_a_smaller_one_that_is_damaged)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		size_t *at;

		lay(ports[i], "u20 u2 f18 u2");
		at = word_of(2, 1);
		smash(at, (uintptr_t)word_of(3, 0));
		expect_free_refused(0, HEAP_FAULT_LINK, HEAP_I6);
		lay(ports[i], "u20 u2 f18 u2");
		smash(word_of(2, 2), *word_of(2, 2) ^ HEAP_ALIGN);
		expect_free_refused(0, HEAP_FAULT_LINK, HEAP_I6);
	}
}

/* The search in a bin meets a link that leads out of the heap. */
TEST(a_search_ends_at_a_link_that_leads_astray)
{
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		lay(ports[i], "f17 u2");
		smash(word_of(0, 1), HEAP_ALIGN);
		CHECK_PTR_EQ(heap_alloc(h, rig_units(20)), NULL);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig_hash(broken.arena, broken.size), broken.hash);
		rig.faults = 0;
		*broken.at = broken.was;
		smash((size_t *)&h->bins.head[17 - 2], 3);
		CHECK_PTR_EQ(heap_alloc(h, rig_units(17)), NULL);
		CHECK_EQ(rig.faults, 1);
		CHECK_EQ(rig_hash(broken.arena, broken.size), broken.hash);
		rig.faults = 0;
		*broken.at = broken.was;
		rig_check_sound(h);
	}
}

/* ---- the checker -------------------------------------------------------- */

static void expect_broken(size_t *at, size_t value, enum heap_invariant broken_)
{
	size_t was = *at;

	*at = value;
	CHECK_EQ(heap_check(h, NULL), broken_);
	*at = was;
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(the_checker_holds_the_top_against_base_and_limit)
{
	struct chunk *base, *limit;

	lay(&rig_port, "u2 u2");
	base = h->base;
	limit = h->limit;
	expect_broken((size_t *)&h->top,
		      (uintptr_t)chunk_below(base, HEAP_ALIGN), HEAP_I9);
	expect_broken((size_t *)&h->top,
		      (uintptr_t)chunk_above(limit, HEAP_ALIGN), HEAP_I9);
	expect_broken((size_t *)&h->top, (uintptr_t)base + 1, HEAP_I9);
	expect_broken((size_t *)&h->top, (uintptr_t)limit, HEAP_I1);
	/* Nothing free lies below the top. */
	lay(&rig_port, "u2 f2 u1");
	h->top = mem_to_chunk(rig_block[2]);
	broken.was = h->top->head;
	h->top->head = FENCE ^ CHUNK_FLIP;
	CHECK_EQ(heap_check(h, NULL), HEAP_I3);
}

TEST(the_checker_counts_the_chunks_of_the_bins)
{
	lay(&rig_port, "f3 u2");
	/* The one chunk follows itself. */
	expect_broken(word_of(0, 1), (uintptr_t)word_of(0, 0), HEAP_I6);
	/* It is in no bin. */
	smash(&h->bins.map, 0);
	smash((size_t *)&h->bins.head[1], 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_I6);
	/* A bit that stands for no bin. */
	h->bins.map = 1;
	CHECK_EQ(heap_check(h, NULL), HEAP_I7);
}

TEST(where_the_lock_does_not_reach_nothing_is_done)
{
	struct heap_stats stats = {.taken = 1};

	lay(&rig_port, "u2 f2 u1");
	rig.in_isr = true;
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_destroy(h);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_reset(h);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_stats(h, &stats);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK_EQ(stats.taken, 0);
	CHECK_PTR_EQ(heap_alloc_aligned(h, 8 * HEAP_ALIGN, 1), NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	rig.in_isr = false;
	CHECK_STR_EQ(rig_map(h), "u2 f2 u1 t");
	rig_check_sound(h);
}

/* A port with in_isr and no lock: a single thread, and handlers. */
static bool in_handler(void *ctx)
{
	(void)ctx;
	return rig.in_isr;
}

TEST(a_port_without_a_lock_may_refuse_handlers)
{
	static const struct heap_port port = {
		.in_isr = in_handler,
		.fault = on_fault,
	};
	void *p;

	lay(&port, "u2");
	p = heap_alloc(h, 1);
	CHECK(p != NULL);
	rig.in_isr = true;
	CHECK_PTR_EQ(heap_alloc(h, 1), NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_free(h, p);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	rig.in_isr = false;
	heap_free(h, p);
	CHECK_EQ(rig.faults, 0);
}

/* ---- trim, reset -------------------------------------------------------- */

TEST(trim_keeps_what_it_is_told_to_and_needs_a_whole_unit)
{
	size_t n, room;

	h = rig_growing_heap(MOST, RIG_ADJOIN);
	CHECK(heap_alloc(h, 1) != NULL);
	room = heap_room(h);
	CHECK(room > HEAP_ALIGN);
	CHECK_EQ(heap_trim(h, room), 0);
	CHECK_EQ(heap_trim(h, room - 1), 0);
	CHECK_EQ(heap_trim(h, SIZE_MAX), 0);
	n = heap_trim(h, room - HEAP_ALIGN);
	CHECK_EQ(n, HEAP_ALIGN);
	CHECK_EQ(heap_room(h), room - HEAP_ALIGN);
	rig_check_sound(h);
	heap_destroy(h);
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_EQ(rig.faults, 0);
}

TEST(trim_gives_nothing_back_when_it_is_not_sure_of_the_end)
{
	RIG_NEEDS_CHECKS;
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	CHECK(heap_alloc(h, 1) != NULL);
	h->taken += 1;
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
	CHECK_EQ(rig.fault.invariant, HEAP_I8);
	h->taken -= 1;
	rig.faults = 0;
	h->top->head = 0;
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_HEADER);
	CHECK_EQ(rig.fault.invariant, HEAP_I9);
	h->top->head = FENCE;
	rig.faults = 0;
	CHECK(heap_trim(h, 0) != 0);
	rig_check_sound(h);
}

/* ---- growth ------------------------------------------------------------- */

/* An older segment whose chunks are all used has nothing to make free. */
TEST(reset_of_segments_that_are_full_or_empty)
{
	unsigned n = 0;

	for (enum rig_break how = RIG_ADJOIN; how < RIG_BREAKS; how++) {
		h = rig_growing_heap(MOST, how);
		while (heap_alloc(h, rig_units(1 + n % 7)) != NULL)
			n++;
		rig.faults = 0;
		heap_reset(h);
		CHECK_EQ(rig_stats(h).in_use, 0);
		CHECK_EQ(rig_stats(h).used_chunks, 0);
		rig_check_sound(h);
		CHECK(heap_alloc(h, 1) != NULL);
		rig_check_sound(h);
	}
	CHECK(n > 0);
}

TEST(reset_does_not_follow_a_damaged_top)
{
	struct chunk *tops[4];

	lay(&rig_port, "u2 f2 u3");
	tops[0] = h->limit;
	tops[1] = chunk_below(h->base, HEAP_ALIGN);
	tops[2] = chunk_above(h->limit, HEAP_ALIGN);
	tops[3] = (struct chunk *)((uintptr_t)h->top ^ 1);
	for (unsigned i = 0; i < 4; i++) {
		lay(&rig_port, "u2 f2 u3");
		h->top = tops[i];
		heap_reset(h);
		CHECK_STR_EQ(rig_map(h), "t");
		rig_check_sound(h);
		/* A pointer of before is found out. */
		if (HEAP_CHECK != 0) {
			heap_free(h, rig_block[2]);
			CHECK_EQ(rig.faults, 1);
		}
	}
}

TEST(reset_of_a_heap_without_memory_looks_for_no_segments)
{
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	h->older = 1;
	heap_reset(h);
	h->older = 0;
	CHECK(heap_alloc(h, 1) != NULL);
	rig_check_sound(h);
}

/* Where the first tiny chunk is said to lie, nothing can be read. */
TEST(a_bin_of_tiny_chunks_that_leads_astray_is_not_followed)
{
	static const size_t heads[] = {0, 3, 0x40, SIZE_MAX, SIZE_MAX / 2};

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2 * 5; i++) {
		lay(ports[i % 2], "u2 f1 u2");
		smash(&h->bins.tiny, heads[i / 2]);
		CHECK_PTR_EQ(heap_alloc(h, 1), NULL);
		expect(HEAP_FAULT_LINK, HEAP_I6);
	}
}

/* All of the only segment is given back; the next one lies elsewhere. */
TEST(a_segment_that_was_trimmed_to_nothing_stays_one)
{
	void *p;

	h = rig_growing_heap(MOST, RIG_FOREIGN);
	p = heap_alloc(h, 1);
	heap_free(h, p);
	CHECK(heap_trim(h, 0) != 0);
	CHECK_EQ(heap_room(h), 0);
	rig_check_sound(h);
	p = heap_alloc(h, 1);
	CHECK(p != NULL);
	CHECK_EQ(rig_stats(h).segments, 2);
	rig_check_sound(h);
	heap_reset(h);
	rig_check_sound(h);
}

/* A free chunk that is sound, but in the list of another size. */
TEST(the_checker_finds_a_chunk_in_the_wrong_bin)
{
	struct bins *b;
	struct chunk *c;

	lay(&rig_port, "u1 f3 u2");
	b = &h->bins;
	c = mem_to_chunk(rig_block[1]);
	b->head[3 - 2] = NULL;
	b->head[4 - 2] = c;
	c->back = bins_dressed(b, 4);
	b->map = (size_t)1 << 4;
	CHECK_EQ(heap_check(h, NULL), HEAP_I6);
}

/* What lies between two segments is nobody's, however much it looks like one. */
TEST(the_checker_finds_a_chunk_between_two_segments)
{
	void *one, *two;
	struct chunk *c, *fake;

	h = rig_growing_heap(MOST, RIG_TURNS);
	one = heap_alloc(h, rig_units(4));
	CHECK(heap_alloc(h, rig_units(1)) != NULL);
	two = heap_alloc(h, rig_stats(h).largest_free + 1);
	CHECK(one != NULL && two != NULL);
	CHECK_EQ(rig_stats(h).segments, 2);
	heap_free(h, one);
	rig_check_sound(h);
	c = mem_to_chunk(one);
	/* The bank that was asked first is the upper one. */
	CHECK(chunk_span(h->limit, c) < MOST);
	CHECK(chunk_span(h->limit, c) > 12 * HEAP_ALIGN);
	fake = chunk_above(h->limit, 2 * HEAP_ALIGN);
	*fake = *c;
	((size_t *)chunk_above(fake, 4 * HEAP_ALIGN))[-1] = 4 * HEAP_ALIGN;
	h->bins.head[4 - 2] = fake;
	CHECK_EQ(heap_check(h, NULL), HEAP_I6);
}

TEST(the_checker_finds_a_link_that_is_not_aligned)
{
	lay(&rig_port, "u1 f3 u2");
	expect_broken((size_t *)&h->bins.head[3 - 2],
		      (uintptr_t)word_of(1, 0) + 1, HEAP_I6);
}

TEST(what_is_served_is_no_failure)
{
	void *p;

	for (unsigned i = 0; i < 2; i++) {
		lay(ports[i], "u2 f5 u2");
		p = heap_alloc_aligned(h, 4 * HEAP_ALIGN, rig_units(2));
		CHECK(p != NULL);
		p = heap_resize(h, p, rig_units(9));
		CHECK(p != NULL);
		p = heap_resize(h, p, rig_units(1));
		CHECK(p != NULL);
		heap_free(h, p);
		CHECK_EQ(rig_stats(h).failures, 0);
		CHECK_PTR_EQ(heap_alloc_aligned(h, 4 * HEAP_ALIGN, MOST), NULL);
		CHECK_EQ(rig_stats(h).failures, 1);
	}
}
