/* SPDX-License-Identifier: MIT */
/* Heaps on memory that the caller brings: create, reset, destroy. */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)

/* ---- create ------------------------------------------------------------ */

TEST(an_arena_of_any_place_and_size_gives_a_heap_or_nothing)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	size_t n, most = sizeof(struct heap) + 200;
	unsigned char *arena = rig_arena(&n, MOST);

	for (size_t offset = 0; offset <= HEAP_ALIGN; offset++) {
		bool before = false;

		for (size_t size = 0; size <= most; size++) {
			unsigned char *behind = arena + offset + size;
			struct heap *h;

			rig_fill(arena, offset, 1);
			rig_fill(behind, 16, 2);
			h = heap_create(arena + offset, size, &rig_port);
			CHECK(!before || h != NULL);
			before = h != NULL;
			CHECK_EQ((uintptr_t)h % HEAP_ALIGN, 0);
			CHECK(h == NULL || heap_alloc(h, 0) != NULL);
			while (h != NULL && heap_alloc(h, 0) != NULL)
				continue;
			CHECK(rig_filled(arena, offset, 1));
			CHECK(rig_filled(behind, 16, 2));
		}
		CHECK(before);
	}
	CHECK_EQ(rig.faults, 0);
}

TEST(no_memory_is_wasted_but_for_the_control_block_and_alignment)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	size_t n;
	unsigned char *arena = rig_arena(&n, MOST);
	struct heap *h = heap_create(arena, n, NULL);
	struct heap_stats s;

	CHECK(h != NULL);
	s = rig_stats(h);
	CHECK_EQ(s.taken, n);
	CHECK_EQ(s.in_use, 0);
	CHECK_EQ(s.segments, 1);
	CHECK(s.overhead < sizeof(struct heap) + 3 * HEAP_ALIGN);
	CHECK_EQ(s.largest_free, s.free - WORD_SIZE);
}

/* All that is lost: what aligns it, the control block, a head and a fence. */
TEST(an_arena_needs_a_control_block_and_one_chunk)
{
	const size_t control = align_up(sizeof(struct heap), HEAP_ALIGN);
	size_t n;
	unsigned char *arena = rig_arena(&n, MOST);

	for (size_t offset = 0; offset <= HEAP_ALIGN; offset++) {
		size_t pad = (HEAP_ALIGN - offset % HEAP_ALIGN) % HEAP_ALIGN;

		for (size_t more = 0; more < 8 * HEAP_ALIGN; more++) {
			size_t size = pad + control + more;
			struct heap *h =
				heap_create(arena + offset, size, NULL);
			struct heap_stats s;

			CHECK_EQ(h != NULL, more >= 2 * HEAP_ALIGN);
			if (h == NULL)
				continue;
			CHECK_PTR_EQ(h, arena + offset + pad);
			s = rig_stats(h);
			CHECK_EQ(s.taken, size);
			CHECK_EQ(s.free,
				 align_down(more, HEAP_ALIGN) - HEAP_ALIGN);
			CHECK_EQ(s.overhead, size - s.free);
			CHECK_EQ(heap_check(h, NULL), HEAP_OK);
		}
		CHECK(heap_create(arena + offset, pad + control - 1, NULL) ==
		      NULL);
	}
}

TEST(memory_that_cannot_be_is_no_heap)
{
	CHECK(heap_create(NULL, 4096, NULL) == NULL);
	CHECK(heap_create((void *)(UINTPTR_MAX - 100), 200, NULL) == NULL);
	CHECK(heap_create((void *)16, SIZE_MAX, NULL) == NULL);
	CHECK(heap_create((void *)16, SIZE_MAX - 15, NULL) == NULL);
	CHECK(heap_create(&rig, 0, NULL) == NULL);
	CHECK(heap_create(&rig, sizeof(struct heap), NULL) == NULL);
}

TEST(what_the_memory_held_before_does_not_matter)
{
	for (unsigned seed = 0; seed < 20; seed++) {
		size_t n;
		void *arena = rig_arena(&n, MOST);
		struct heap *h;

		rig_fill(arena, n, seed);
		h = heap_create(arena, n, &rig_port);
		CHECK(h != NULL);
		CHECK_STR_EQ(rig_map(h), "t");
		rig_check_sound(h);
		CHECK_EQ(rig_stats(h).failures, 0);
		CHECK_EQ(rig_stats(h).peak, 0);
	}
}

/* The same memory, again: an old heap there must not show through. */
TEST(a_heap_can_be_made_where_one_was)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);

	rig_lay(h, "u2 f3 u1 f1 u4");
	h = rig_heap(MOST);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_lay(h, "u1 f2 u1");
}

/* ---- two at a time ----------------------------------------------------- */

static struct heap *one, *other;

static void two_heaps(void)
{
	size_t n;
	unsigned char *arena = rig_arena(&n, MOST);

	one = heap_create(arena, n / 2, &rig_port);
	other = heap_create(arena + n / 2, n - n / 2, &rig_port);
}

TEST(two_instances_do_not_disturb_each_other)
{
	void *p[8], *q[8];

	two_heaps();
	for (unsigned i = 0; i < 8; i++) {
		p[i] = heap_alloc(one, 8 * i);
		q[i] = heap_alloc(other, 60 - 7 * i);
		CHECK(p[i] != NULL && q[i] != NULL);
		rig_fill(p[i], 8 * i, i);
		rig_fill(q[i], 60 - 7 * i, 99 + i);
	}
	for (unsigned i = 0; i < 8; i += 2) {
		heap_free(one, p[i]);
		heap_free(other, q[7 - i]);
	}
	rig_check_sound(one);
	rig_check_sound(other);
	for (unsigned i = 0; i < 8; i += 2) {
		CHECK(rig_filled(p[i + 1], 8 * (i + 1), i + 1));
		CHECK(rig_filled(q[i], 60 - 7 * i, 99 + i));
	}
	heap_reset(one);
	CHECK_STR_EQ(rig_map(one), "t");
	CHECK_EQ(rig_stats(other).used_chunks, 4);
	rig_check_sound(other);
}

TEST(a_block_given_to_the_wrong_instance_is_a_fault)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	void *p, *q;

	RIG_NEEDS_CHECKS;
	two_heaps();
	p = heap_alloc(one, 20);
	q = heap_alloc(other, 20);
	heap_free(other, p);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
	CHECK_PTR_EQ(rig.fault.heap, other);
	heap_free(one, q);
	rig_check_fault(HEAP_FAULT_FOREIGN, q);
	CHECK(heap_resize(other, p, 40) == NULL);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
	CHECK_EQ(heap_usable_size(one, q), 0);
	rig_check_fault(HEAP_FAULT_FOREIGN, q);
	rig_check_sound(one);
	rig_check_sound(other);
	heap_free(one, p);
	heap_free(other, q);
	CHECK_STR_EQ(rig_map(one), "t");
	CHECK_STR_EQ(rig_map(other), "t");
}

/* ---- reset ------------------------------------------------------------- */

TEST(reset_frees_every_block_at_once)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);
	struct heap_stats before = rig_stats(h), after;

	rig_lay(h, "u2 f3 u1 f1 u4 f20 u1");
	CHECK(heap_alloc(h, MOST) == NULL);
	heap_reset(h);
	after = rig_stats(h);
	CHECK_STR_EQ(rig_map(h), "t");
	CHECK_EQ(after.free, before.free);
	CHECK_EQ(after.in_use, 0);
	CHECK_EQ(after.taken, before.taken);
	CHECK_EQ(after.peak, HEAP_STATS == 0 ? 0 : 32 * HEAP_ALIGN);
	CHECK_EQ(after.failures, 1);
	rig_check_sound(h);
	rig_lay(h, "u2 f3 u1");
}

TEST(pointers_from_before_a_reset_are_found_out)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);

	RIG_NEEDS_CHECKS;
	rig_lay(h, "u2 f3 u1 u4 u1");
	heap_reset(h);
	for (unsigned i = 0; i < 5; i++) {
		heap_free(h, rig_block[i]);
		rig_check_fault(HEAP_FAULT_NOT_USED, rig_block[i]);
	}
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

TEST(reset_of_an_empty_heap_changes_nothing)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	heap_reset(h);
	rig_check_sound(h);
	CHECK_EQ(rig_stats(h).taken, 0);
	CHECK(heap_alloc(h, 10) != NULL);
	heap_reset(h);
	heap_reset(h);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

TEST(reset_frees_the_blocks_of_every_segment)
{
	struct heap *h = rig_growing_heap((size_t)16 << 10, RIG_FOREIGN);
	void *p[8];
	unsigned n = 0;

	while (n < 8 && (p[n] = heap_alloc(h, HEAP_GROW / 3)) != NULL)
		n++;
	CHECK(rig_stats(h).segments >= 2);
	heap_reset(h);
	rig_check_sound(h);
	CHECK_EQ(rig_stats(h).used_chunks, 0);
	CHECK_EQ(rig_stats(h).free + rig_stats(h).overhead, rig_stats(h).taken);
	for (unsigned i = 0; HEAP_CHECK != 0 && i < n; i++) {
		heap_free(h, p[i]);
		rig_check_fault(HEAP_FAULT_NOT_USED, p[i]);
	}
	for (unsigned i = 0; i < n; i++)
		CHECK(heap_alloc(h, HEAP_GROW / 3) != NULL);
	rig_check_sound(h);
}

TEST(reset_repairs_a_damaged_heap)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);

	RIG_NEEDS_CHECKS;
	rig_lay(h, "u2 f3 u1 f1 u4");
	mem_to_chunk(rig_block[0])->head = CHUNK_USED;
	heap_reset(h);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);

	rig_lay(h, "u2 f3 u1 f1 u4");
	mem_to_chunk(rig_block[1])->head ^= 0x40;
	mem_to_chunk(rig_block[2])->head = SIZE_MAX;
	CHECK(heap_check(h, NULL) != HEAP_OK);
	heap_reset(h);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

/* ---- destroy ----------------------------------------------------------- */

TEST(a_destroyed_heap_serves_nobody)
{
	struct heap *h = rig_heap(MOST);
	void *p = heap_alloc(h, 40);

	heap_destroy(h);
	CHECK(heap_alloc(h, 1) == NULL);
	CHECK(heap_zalloc(h, 1) == NULL);
	CHECK(heap_alloc_aligned(h, 64, 1) == NULL);
	CHECK(heap_resize(h, NULL, 1) == NULL);
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_EQ(rig_stats(h).taken, 0);
	CHECK_EQ(rig.faults, 0);
	if (HEAP_CHECK == 0)
		return;
	heap_free(h, p);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
	CHECK(heap_resize(h, p, 50) == NULL);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
	CHECK_EQ(heap_usable_size(h, p), 0);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
}

TEST(a_destroyed_heap_refuses_as_one_that_is_full)
{
	struct heap *h = rig_heap(MOST);

	heap_destroy(h);
	CHECK(heap_alloc(h, 1) == NULL);
	CHECK(heap_zalloc(h, 1) == NULL);
	CHECK(heap_resize(h, NULL, 1) == NULL);
	CHECK_EQ(rig.faults, 0);
}

TEST(destroy_is_refused_where_the_lock_does_not_reach)
{
	struct heap *h = rig_heap(MOST);
	void *p = heap_alloc(h, 40);

	rig.in_isr = true;
	heap_destroy(h);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	rig.in_isr = false;
	heap_free(h, p);
	rig_check_sound(h);
}

TEST(a_destroyed_heap_never_grows_again)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	unsigned grows;

	CHECK(heap_alloc(h, 40) != NULL);
	heap_destroy(h);
	grows = rig.grows;
	CHECK(heap_alloc(h, 40) == NULL);
	CHECK_EQ(rig.grows, grows);
	heap_reset(h);
	CHECK(heap_alloc(h, 40) == NULL);
	CHECK_EQ(rig.grows, grows);
	CHECK_EQ(rig.lock_errors, 0);
}

/* ---- who else is told ----------------------------------------------------- */

static unsigned forgotten;
static bool had_blocks;

static void on_cover(struct heap *h)
{
	(void)h;
}

static void on_forget(struct heap *h)
{
	forgotten++;
	had_blocks = h->bins.map != 0;
}

/* When no block is left, what interrupts have freed is none either. */
TEST(reset_and_destroy_forget_what_was_freed_in_interrupts)
{
	static const struct heap_pending_calls calls = {
		.cover = on_cover,
		.forget = on_forget,
	};
	static struct heap_pending pending = {.calls = &calls};
	static const struct heap_port port = {.pending = &pending};
	size_t n;
	void *arena = rig_arena(&n, MOST);
	struct heap *h = heap_create(arena, n, &port);
	struct chunk *free_one;

	CHECK(h != NULL);
	/* The engine's own calls: those of interrupts are not all there. */
	free_one = heap_take(h, 4 * HEAP_ALIGN);
	CHECK(free_one != NULL && heap_take(h, 4 * HEAP_ALIGN) != NULL);
	CHECK(heap_give(h, free_one));
	forgotten = 0;
	heap_reset(h);
	CHECK_EQ(forgotten, 1);
	CHECK(!had_blocks);
	heap_destroy(h);
	CHECK_EQ(forgotten, 2);
}

static unsigned shaded;
static unsigned gone;

static void on_shade(void *ctx, enum heap_shade what, const void *mem, size_t n,
		     size_t was)
{
	(void)ctx;
	(void)mem;
	(void)n;
	(void)was;
	shaded++;
	gone += what == HEAP_SHADE_GONE;
}

TEST(only_the_debug_profile_says_what_becomes_of_bytes)
{
	static const struct heap_port port = {.shade = on_shade};
	size_t n;
	void *arena = rig_arena(&n, MOST), *p;
	struct heap *h;

	shaded = 0;
	gone = 0;
	h = heap_create(arena, n, &port);
	p = heap_alloc(h, 40);
	p = heap_resize(h, p, 60);
	heap_free(h, p);
	heap_trim(h, 0);
	heap_reset(h);
	CHECK_EQ(gone, 0);
	heap_destroy(h);
	CHECK_EQ(shaded != 0, HEAP_CHECK >= 3);
	CHECK_EQ(gone, HEAP_CHECK >= 3);
}

/* ---- segments -------------------------------------------------------------- */

/* Chunks of older segments, as they were and after a reset. */
TEST(reset_makes_one_chunk_of_each_older_segment)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
	uintptr_t at = (uintptr_t)rig.bank[0].start;
	void *p[3];
	struct heap_stats s;

	rig.refuse = true;
	for (unsigned i = 0; i < 3; i++) {
		heap_attach(h, at + 512 * i, 480 - 40 * i);
		/* The first is filled up, the others are not. */
		p[i] = heap_alloc(h, i == 0 ? rig_stats(h).largest_free : 100);
		CHECK(p[i] != NULL);
	}
	heap_reset(h);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	s = rig_stats(h);
	CHECK_EQ(s.segments, 3);
	CHECK_EQ(s.free_chunks, 3);
	CHECK_EQ(s.in_use, 0);
	CHECK_EQ(s.used_chunks, 0);
	CHECK_EQ(s.taken, 3 * 480 - 40 * 3);
	CHECK_EQ(h->below_peak, h->peak);
	for (unsigned i = 0; HEAP_CHECK != 0 && i < 3; i++) {
		heap_free(h, p[i]);
		rig_check_fault(HEAP_FAULT_NOT_USED, p[i]);
	}
	CHECK(heap_alloc(h, 100) != NULL);
	rig_check_sound(h);
}

/* Damaged, it may lie in an older segment, or nowhere. */
TEST(old_pointers_are_found_out_where_the_top_is_damaged)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);
		uintptr_t at = (uintptr_t)rig.bank[0].start;
		void *p[3];

		rig.refuse = true;
		heap_attach(h, at, 200);
		CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
		heap_attach(h, at + 512, 512);
		for (unsigned k = 0; k < 3; k++) {
			p[k] = heap_alloc(h, 40);
			CHECK(p[k] != NULL);
		}
		h->top = i == 0 ? (struct chunk *)h->bins.lo
				: chunk_below((struct chunk *)h->bins.lo,
					      HEAP_ALIGN);
		heap_reset(h);
		rig_check_sound(h);
		for (unsigned k = 0; k < 3; k++) {
			heap_free(h, p[k]);
			rig_check_fault(HEAP_FAULT_NOT_USED, p[k]);
		}
	}
}
