/* SPDX-License-Identifier: MIT */
/* Accounts by tag: what they count, limits, blocks born before, Lua. */
#include "heap_observe.h"
#include "heap_pending.h"
#include "heap_tags.h"
#include "rig.h"
#include "state.h"

#define TAGS 5

static struct heap_watch room;
static struct heap_port port;
static struct heap_tag tag[TAGS];
static struct heap_tag_task task[2];
static struct heap_accounts accounts;

static uintptr_t thread_now;
static char text[320];
static size_t text_used;
static unsigned overs, over_tag;
static size_t over_n;

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	return thread_now;
}

static void put(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n && text_used < sizeof(text) - 1; i++)
		text[text_used++] = bytes[i];
	text[text_used] = '\0';
}

static void over(struct heap_accounts *a, unsigned which, size_t n,
		 const void *caller)
{
	CHECK(a == &accounts && caller != NULL && !rig.locked);
	overs++;
	over_tag = which;
	over_n = n;
}

/* A heap of at most 4 KiB without accounts. */
static struct heap *plain_heap(void)
{
	size_t n;
	void *mem = rig_arena(&n, 4096);
	struct heap *h;

	port = rig_port;
	port.thread = thread;
	port.write = put;
	h = heap_create(mem, n, &port);
	heap_watchable(h, &room);
	for (unsigned i = 0; i < TAGS; i++)
		tag[i] = (struct heap_tag){0};
	task[0] = task[1] = (struct heap_tag_task){0};
	accounts = (struct heap_accounts){
		.tag = tag,
		.tags = TAGS,
		.task = task,
		.tasks = 2,
		.over = over,
	};
	thread_now = 1;
	overs = 0;
	text_used = 0;
	return h;
}

static struct heap *counted_heap(void)
{
	struct heap *h = plain_heap();

	heap_accounts_start(h, &accounts);
	return h;
}

static void finish(struct heap *h)
{
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	/* Calls go by from then on. */
	CHECK_EQ(heap_has_layers(h), false);
	rig_check_sound(h);
	heap_destroy(h);
}

static unsigned tag_of(struct heap *h, const void *p)
{
	const void *caller;
	unsigned which = 77;

	return heap_tag_of(h, p, &which, &caller) ? which : HEAP_TAG_NONE;
}

TEST(a_block_counts_for_the_tag_that_its_thread_has_set)
{
	struct heap *h = counted_heap();
	void *p, *q, *r;

	p = heap_alloc(h, 10);
	CHECK_EQ(heap_tag_set(h, 2), 0);
	q = heap_alloc(h, 100);
	r = heap_alloc_aligned(h, 64, 50);
	CHECK_EQ(heap_tag_set(h, 0), 2);
	CHECK_EQ(tag_of(h, p), 0);
	CHECK_EQ(tag_of(h, q), 2);
	CHECK_EQ(tag_of(h, r), 2);
	CHECK_EQ((uintptr_t)r % 64, 0);
	CHECK_EQ(tag[0].blocks, 1);
	CHECK_EQ(tag[2].blocks, 2);
	CHECK(tag[2].bytes >= 150);
	CHECK_EQ(tag[2].peak, tag[2].bytes);
	CHECK_EQ(tag[2].total, tag[2].bytes);
	heap_free(h, q);
	heap_free(h, p);
	CHECK_EQ(tag[0].bytes, 0);
	CHECK_EQ(tag[2].blocks, 1);
	CHECK(tag[2].peak == tag[2].total);
	heap_free(h, r);
	CHECK_EQ(tag[2].bytes, 0);
	CHECK_EQ(tag[2].blocks, 0);
	finish(h);
}

TEST(the_accounts_make_up_what_is_in_use)
{
	struct heap *h = counted_heap();
	size_t sum = 0;

	for (unsigned i = 0; i < 12; i++) {
		heap_tag_set(h, i % TAGS);
		heap_alloc(h, 7 * i);
	}
	heap_tag_set(h, 0);
	for (unsigned i = 0; i < TAGS; i++)
		sum += tag[i].bytes;
	/* heap-debug.a has more around a block. */
	if (HEAP_CHECK < 3)
		CHECK_EQ(sum, rig_stats(h).in_use);
	heap_reset(h);
	for (unsigned i = 0; i < TAGS; i++)
		CHECK_EQ(tag[i].bytes + tag[i].blocks, 0);
	finish(h);
}

TEST(a_resized_block_keeps_its_tag_and_changes_its_bytes)
{
	struct heap *h = counted_heap();
	size_t small;
	void *p;

	heap_tag_set(h, 1);
	p = heap_alloc(h, 20);
	small = tag[1].bytes;
	heap_tag_set(h, 3);
	p = heap_resize(h, p, 400);
	CHECK_EQ(tag_of(h, p), 1);
	/* Both are rounded to words at least. */
	CHECK(tag[1].bytes > small + 380 - WORD_SIZE);
	CHECK_EQ(tag[1].peak, tag[1].bytes);
	CHECK_EQ(tag[1].blocks, 1);
	CHECK_EQ(tag[3].total, 0);
	p = heap_resize(h, p, 20);
	CHECK_EQ(tag[1].bytes, small);
	CHECK(heap_resize(h, p, SIZE_MAX / 2) == NULL);
	CHECK(heap_resize(h, p, 100000) == NULL);
	CHECK_EQ(tag[1].bytes, small);
	CHECK_EQ(tag_of(h, p), 1);
	CHECK(heap_resize(h, p, 0) == NULL);
	CHECK_EQ(tag[1].bytes, 0);
	heap_tag_set(h, 0);
	finish(h);
}

/* One byte behind a block with an account shows like any other. */
TEST(an_overrun_of_a_counted_block_is_told_by_the_debug_profile)
{
	struct heap *h;
	uint8_t *p;

	if (HEAP_CHECK < 3)
		return;
	for (size_t n = 0; n < 4 * WORD_SIZE; n++) {
		h = counted_heap();
		p = heap_alloc(h, n);
		CHECK_EQ(heap_usable_size(h, p), n);
		CHECK(tag_of(h, p) != HEAP_TAG_NONE);
		p[n] ^= 1;
		heap_free(h, p);
		rig_check_fault(HEAP_FAULT_GUARD, p);
		p[n] ^= 1;
		heap_free(h, p);
		finish(h);
	}
}

TEST(all_usable_bytes_are_the_owners)
{
	struct heap *h = counted_heap();

	for (size_t n = 0; n < 40; n++) {
		void *p = heap_alloc(h, n);
		size_t usable = heap_usable_size(h, p);

		CHECK(usable >= n);
		rig_fill(p, usable, 3);
		CHECK_EQ(tag_of(h, p), 0);
		CHECK(rig_filled(p, usable, 3));
		heap_free(h, p);
	}
	CHECK_EQ(tag[0].bytes, 0);
	finish(h);
}

TEST(what_is_refused_counts_nothing)
{
	struct heap *h = counted_heap();

	CHECK(heap_alloc(h, 100000) == NULL);
	CHECK(heap_alloc(h, SIZE_MAX) == NULL);
	CHECK(heap_alloc_aligned(h, 3, 8) == NULL);
	CHECK(heap_alloc_aligned(h, 64, SIZE_MAX - 64) == NULL);
	CHECK_EQ(tag[0].bytes, 0);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(tag[0].total, 0);
	finish(h);
}

TEST(a_bad_pointer_counts_nothing)
{
	struct heap *h = counted_heap();
	void *p = heap_alloc(h, 30);

	heap_free(h, p);
	heap_free(h, p);
	rig_check_fault(HEAP_FAULT_NOT_USED, p);
	heap_free(h, &room);
	rig_check_fault(HEAP_FAULT_FOREIGN, &room);
	CHECK_EQ(tag[0].bytes, 0);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(tag_of(h, &room), HEAP_TAG_NONE);
	finish(h);
}

/* What a block of n bytes is charged. */
static size_t cost_of(size_t n)
{
	if (HEAP_CHECK >= 3)
		return chunk_round(n);
	return chunk_round(align_up(n, WORD_SIZE) + 2 * WORD_SIZE);
}

TEST(what_a_block_costs_is_its_chunk)
{
	struct heap *h = counted_heap();
	size_t total = 0, peak = 0;

	for (size_t n = 0; n < 60; n++) {
		void *p = heap_alloc(h, n);
		size_t cost = cost_of(n);

		CHECK_EQ(tag[0].bytes, cost);
		CHECK_EQ(tag[0].blocks, 1);
		total += cost;
		CHECK_EQ(tag[0].total, total);
		/* What was more before stays the most. */
		if (cost > peak)
			peak = cost;
		CHECK_EQ(tag[0].peak, peak);
		if (HEAP_CHECK < 3)
			CHECK_EQ(rig_stats(h).in_use, cost);
		/* What grows costs more, what shrinks gives back. */
		p = heap_resize(h, p, n + 50);
		CHECK_EQ(tag[0].bytes, cost_of(n + 50));
		total += cost_of(n + 50) - cost;
		if (cost_of(n + 50) > peak)
			peak = cost_of(n + 50);
		p = heap_resize(h, p, n / 2 + 1);
		CHECK_EQ(tag[0].bytes, cost_of(n / 2 + 1));
		CHECK_EQ(tag[0].blocks, 1);
		CHECK_EQ(tag[0].total, total);
		CHECK_EQ(tag[0].peak, peak);
		heap_free(h, p);
		CHECK_EQ(tag[0].bytes, 0);
		CHECK_EQ(tag[0].blocks, 0);
		CHECK_EQ(tag[0].peak, peak);
	}
	finish(h);
}

TEST(a_refused_resize_leaves_all_sums_as_they_were)
{
	struct heap *h = counted_heap();
	void *p = heap_alloc(h, 30);
	const struct heap_tag was = tag[0];

	CHECK(heap_resize(h, p, 100000) == NULL);
	CHECK(heap_alloc(h, 100000) == NULL);
	CHECK(heap_alloc_aligned(h, 64, 100000) == NULL);
	CHECK_EQ(tag[0].bytes, was.bytes);
	CHECK_EQ(tag[0].blocks, was.blocks);
	CHECK_EQ(tag[0].total, was.total);
	finish(h);
}

/* ---- limits ------------------------------------------------------------- */

TEST(a_limit_is_met_to_the_byte)
{
	struct heap *h = counted_heap();
	void *p, *q;

	tag[0].refuse = true;
	tag[0].limit = cost_of(40);
	p = heap_alloc(h, 40);
	CHECK(p != NULL);
	CHECK(heap_alloc(h, 0) == NULL);
	CHECK_EQ(tag[0].refused, 1);
	/* In place, and smaller, is no more. */
	CHECK((p = heap_resize(h, p, 40)) != NULL);
	CHECK((p = heap_resize(h, p, 10)) != NULL);
	CHECK((p = heap_resize(h, p, 40)) != NULL);
	CHECK_EQ(overs, 1);
	heap_free(h, p);
	tag[0].limit = cost_of(40) - 1;
	CHECK(heap_alloc(h, 40) == NULL);
	CHECK_EQ(tag[0].refused, 2);
	tag[0].limit = cost_of(40) + cost_of(60) - 1;
	p = heap_alloc(h, 40);
	CHECK(heap_alloc(h, 60) == NULL);
	q = heap_alloc(h, 0);
	CHECK(p != NULL && q != NULL);
	/* From where it is: q would do, but for a byte. */
	tag[0].limit = tag[0].bytes + cost_of(200) - cost_of(40) - 1;
	CHECK(heap_resize(h, p, 200) == NULL);
	tag[0].limit++;
	CHECK((p = heap_resize(h, p, 200)) != NULL);
	CHECK_EQ(tag[0].bytes, tag[0].limit);
	/* A limit that was lowered refuses what grows, nothing else. */
	tag[0].limit = 1;
	CHECK((p = heap_resize(h, p, 190)) != NULL);
	CHECK(heap_resize(h, p, 400) == NULL);
	heap_free(h, p);
	heap_free(h, q);
	CHECK_EQ(tag[0].bytes, 0);
	finish(h);
}

TEST(who_is_at_his_limit_has_not_passed_it)
{
	struct heap *h = counted_heap();
	void *p, *q;

	tag[0].limit = cost_of(40);
	p = heap_alloc(h, 40);
	CHECK_EQ(overs, 0);
	CHECK_EQ(tag[0].is_over, false);
	q = heap_alloc(h, 0);
	CHECK_EQ(overs, 1);
	CHECK_EQ(tag[0].is_over, true);
	/* Told when he goes back and passes it again. */
	heap_free(h, q);
	CHECK_EQ(tag[0].is_over, false);
	p = heap_resize(h, p, 100);
	CHECK_EQ(overs, 2);
	p = heap_resize(h, p, 200);
	CHECK_EQ(overs, 2);
	p = heap_resize(h, p, 40);
	CHECK_EQ(tag[0].is_over, false);
	CHECK_EQ(overs, 2);
	/* What there was no memory for has passed nothing. */
	CHECK(heap_alloc(h, 100000) == NULL);
	CHECK_EQ(tag[0].is_over, false);
	heap_free(h, p);
	/* Without a limit nothing is over. */
	tag[0].limit = 0;
	p = heap_alloc(h, 200);
	CHECK_EQ(tag[0].is_over, false);
	heap_free(h, p);
	finish(h);
}

/* Such a request is the heap's to refuse. */
TEST(what_no_heap_could_serve_is_not_refused_by_a_limit)
{
	const size_t most =
		HEAP_CHECK >= 3 ? DEBUG_MAX : CHUNK_PAYLOAD_MAX - 3 * WORD_SIZE;
	struct heap *h = counted_heap();

	tag[0].limit = 1;
	tag[0].refuse = true;
	CHECK(heap_alloc(h, most) == NULL);
	CHECK_EQ(tag[0].refused, 1);
	CHECK(heap_alloc(h, most + 1) == NULL);
	CHECK(heap_alloc(h, SIZE_MAX) == NULL);
	CHECK_EQ(tag[0].refused, 1);
	CHECK_EQ(overs, 1);
	finish(h);
}

TEST(a_limit_refuses_and_says_so)
{
	struct heap *h = counted_heap();
	void *p, *q;

	tag[1].limit = 300;
	tag[1].refuse = true;
	heap_tag_set(h, 1);
	p = heap_alloc(h, 100);
	CHECK_EQ(overs, 0);
	CHECK(heap_alloc(h, 200) == NULL);
	CHECK_EQ(overs, 1);
	CHECK_EQ(over_tag, 1);
	CHECK_EQ(over_n, 200);
	CHECK_EQ(tag[1].refused, 1);
	CHECK(heap_resize(h, p, 300) == NULL);
	CHECK(heap_alloc_aligned(h, 64, 300) == NULL);
	CHECK_EQ(tag[1].refused, 3);
	CHECK_EQ(tag_of(h, p), 1);
	/* Others go on. */
	heap_tag_set(h, 0);
	q = heap_alloc(h, 500);
	CHECK(q != NULL);
	p = heap_resize(h, p, 200);
	CHECK(p != NULL);
	CHECK(tag[1].peak <= 300);
	CHECK_EQ(accounts.busy, 0);
	finish(h);
}

TEST(a_limit_that_reports_says_so_once_each_time)
{
	struct heap *h = counted_heap();
	void *p, *q;

	tag[0].limit = 300;
	p = heap_alloc(h, 250);
	q = heap_alloc(h, 100);
	CHECK(p != NULL && q != NULL);
	CHECK_EQ(overs, 1);
	heap_free(h, heap_alloc(h, 10));
	CHECK_EQ(overs, 1);
	heap_free(h, q);
	q = heap_alloc(h, 100);
	CHECK_EQ(overs, 2);
	CHECK_EQ(tag[0].refused, 0);
	finish(h);
}

/* ---- blocks born before ---------------------------------------------------- */

TEST(blocks_born_before_count_for_nobody_until_they_grow)
{
	struct heap *h = plain_heap();
	void *p = heap_alloc(h, 100), *q = heap_alloc(h, 100), *r;

	CHECK_EQ(heap_tag_set(h, 1), 0);
	r = heap_alloc(h, 4);
	heap_accounts_start(h, &accounts);
	CHECK_EQ(tag_of(h, p), HEAP_TAG_NONE);
	heap_free(h, p);
	CHECK_EQ(tag[0].bytes, 0);
	r = heap_resize(h, r, 50);
	CHECK_EQ(tag_of(h, r), 0);
	CHECK_EQ(tag[0].blocks, 1);
	q = heap_resize(h, q, 200);
	CHECK_EQ(tag[0].blocks, 2);
	heap_free(h, q);
	heap_free(h, r);
	CHECK_EQ(tag[0].bytes, 0);
	CHECK_EQ(tag[0].blocks, 0);
	finish(h);
}

TEST(a_block_born_before_that_does_not_grow_stays_nobodys)
{
	struct heap *h = plain_heap();
	void *p = heap_alloc(h, 100);
	size_t usable = heap_usable_size(h, p);

	heap_accounts_start(h, &accounts);
	p = heap_resize(h, p, usable);
	CHECK_EQ(tag_of(h, p), HEAP_TAG_NONE);
	CHECK_EQ(heap_usable_size(h, p), usable);
	CHECK_EQ(tag[0].total, 0);
	p = heap_resize(h, p, usable + 1);
	CHECK_EQ(tag_of(h, p), 0);
	CHECK_EQ(tag[0].bytes, cost_of(usable + 1));
	CHECK_EQ(tag[0].total, cost_of(usable + 1));
	heap_free(h, p);
	CHECK_EQ(tag[0].bytes + tag[0].blocks, 0);
	finish(h);
}

/* Blocks that are too small for a trailer, also as the last ones of all. */
TEST(small_blocks_born_before_are_nobodys)
{
	struct heap *h = plain_heap();
	void *p[4];

	for (size_t i = 0; i < 4; i++) {
		p[i] = heap_alloc(h, i * WORD_SIZE);
		rig_fill(p[i], i * WORD_SIZE, 5);
	}
	heap_accounts_start(h, &accounts);
	for (size_t i = 0; i < 4; i++) {
		CHECK_EQ(tag_of(h, p[i]), HEAP_TAG_NONE);
		CHECK(heap_usable_size(h, p[i]) >= i * WORD_SIZE);
		CHECK(rig_filled(p[i], i * WORD_SIZE, 5));
		heap_free(h, p[i]);
	}
	for (unsigned i = 0; i < TAGS; i++)
		CHECK_EQ(tag[i].bytes + tag[i].blocks + tag[i].total, 0);
	finish(h);
}

TEST(accounts_begin_at_nothing)
{
	struct heap *h = plain_heap();

	for (unsigned i = 0; i < TAGS; i++) {
		tag[i] = (struct heap_tag){.name = "t",
					   .limit = 70 + i,
					   .refuse = true,
					   .is_over = true,
					   .bytes = 1,
					   .blocks = 2,
					   .peak = 3,
					   .total = 4,
					   .refused = 5};
	}
	accounts.tags = TAGS - 1;
	accounts.busy = 9;
	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	CHECK_EQ(accounts.busy, 0);
	for (unsigned i = 0; i < TAGS - 1; i++) {
		CHECK_EQ(tag[i].bytes + tag[i].blocks + tag[i].peak +
				 tag[i].total + tag[i].refused,
			 0);
		CHECK_EQ(tag[i].is_over, false);
		CHECK_EQ(tag[i].limit, 70 + i);
		CHECK(tag[i].refuse && tag[i].name != NULL);
	}
	/* What is not theirs is not touched. */
	CHECK_EQ(tag[TAGS - 1].refused, 5);
	CHECK_EQ(tag[TAGS - 1].bytes, 1);
	tag[TAGS - 1].is_over = true;
	heap_reset(h);
	CHECK_EQ(tag[TAGS - 1].bytes, 1);
	CHECK_EQ(tag[TAGS - 1].is_over, true);
	finish(h);
}

TEST(accounts_that_are_kept_are_not_begun_again)
{
	static struct heap_tag other_tag;
	struct heap_accounts other = {.tag = &other_tag, .tags = 1};
	struct heap *h = counted_heap();
	void *p = heap_alloc(h, 30);

	CHECK_EQ(heap_accounts_start(h, &accounts), false);
	other_tag.total = 7;
	CHECK_EQ(heap_accounts_start(h, &other), false);
	CHECK_EQ(other_tag.total, 7);
	CHECK_EQ(tag[0].bytes, cost_of(30));
	CHECK_EQ(tag[0].blocks, 1);
	CHECK_EQ(tag_of(h, p), 0);
	heap_free(h, p);
	CHECK_EQ(tag[0].bytes, 0);
	finish(h);
}

TEST(a_reset_leaves_nobody_over_his_limit)
{
	struct heap *h = counted_heap();

	heap_tag_set(h, TAGS - 1);
	tag[TAGS - 1].limit = 1;
	CHECK(heap_alloc(h, 50) != NULL);
	CHECK_EQ(tag[TAGS - 1].is_over, true);
	heap_reset(h);
	CHECK_EQ(tag[TAGS - 1].is_over, false);
	CHECK_EQ(tag[TAGS - 1].bytes + tag[TAGS - 1].blocks, 0);
	CHECK_EQ(tag[TAGS - 1].peak, cost_of(50));
	heap_tag_set(h, 0);
	finish(h);
}

TEST(shrinking_never_fails)
{
	struct heap *h = plain_heap();
	void *p = heap_alloc(h, rig_units(10));

	/* Nothing is left, and nothing comes. */
	while (heap_alloc(h, 0) != NULL)
		;
	heap_accounts_start(h, &accounts);
	tag[0].limit = 1;
	tag[0].refuse = true;
	for (size_t n = rig_units(10); n != 0; n--) {
		void *q = heap_resize(h, p, n);

		CHECK(q == p);
	}
	heap_reset(h);
	finish(h);
}

TEST(what_an_earlier_account_has_left_is_no_tag)
{
	struct heap *h = counted_heap();
	void *p, *q;

	heap_tag_set(h, 2);
	p = heap_alloc(h, 100);
	q = heap_alloc(h, 50);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	CHECK_EQ(tag_of(h, q), HEAP_TAG_NONE);
	heap_free(h, p);
	/* The same place, and its last words as they were. */
	CHECK(heap_alloc(h, heap_usable_size(h, q)) != NULL);
	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	CHECK_EQ(heap_accounts_start(h, &accounts), false);
	CHECK_EQ(tag_of(h, q), HEAP_TAG_NONE);
	heap_free(h, q);
	for (unsigned i = 0; i < TAGS; i++)
		CHECK_EQ(tag[i].bytes + tag[i].blocks, 0);
	CHECK_EQ(heap_tag_set(h, 0), 2);
	finish(h);
}

/* A counted heap that interrupts use, with a block in reserve for them or none. */
static struct heap *interrupted_heap(size_t slots, size_t bytes)
{
	static struct heap_pending pending;
	static volatile uintptr_t reserve[1];
	struct heap *h = plain_heap();
	size_t n;
	void *mem;

	heap_destroy(h);
	reserve[0] = 0;
	pending = (struct heap_pending){.calls = &heap_pending_calls,
					.swap = heap_swap,
					.reserve = reserve,
					.slots = slots,
					.bytes = bytes};
	port.pending = &pending;
	mem = rig_arena(&n, 4096);
	h = heap_create(mem, n, &port);
	heap_watchable(h, &room);
	heap_accounts_start(h, &accounts);
	return h;
}

/* Nobody counts what an interrupt allocates, wherever it lies. */
TEST(a_block_of_the_reserve_has_no_tag_though_a_counted_one_lay_there)
{
	const size_t n = rig_units(4);
	struct heap *h = interrupted_heap(1, n);
	void *p, *x, *y;

	p = heap_alloc(h, n - (HEAP_CHECK >= 3 ? 0 : 2 * WORD_SIZE));
	CHECK_EQ(tag[0].blocks, 1);
	/* It is the top again, and its last words are as they were. */
	heap_free(h, p);
	rig_let_go(h);
	rig.in_isr = true;
	x = heap_alloc(h, n);
	rig.in_isr = false;
	CHECK(x != NULL && x != p);
	CHECK_EQ(heap_usable_size(h, x) >= n, true);
	rig.in_isr = true;
	y = heap_alloc(h, n);
	rig.in_isr = false;
	CHECK_PTR_EQ(y, p);
	CHECK_EQ(tag_of(h, y), HEAP_TAG_NONE);
	heap_free(h, y);
	heap_free(h, x);
	CHECK_EQ(tag[0].bytes, 0);
	CHECK_EQ(tag[0].blocks, 0);
	finish(h);
}

TEST(a_block_freed_where_the_lock_does_not_reach_counts_until_it_ends)
{
	struct heap *h = interrupted_heap(0, 0);
	void *p, *q, *other;

	heap_tag_set(h, 2);
	other = heap_alloc(h, 10);
	p = heap_alloc(h, 0);
	q = heap_alloc(h, 30);
	rig.in_isr = true;
	heap_free(h, p);
	heap_free(h, q);
	rig.in_isr = false;
	CHECK_EQ(tag[2].blocks, 3);
	heap_free(h, other);
	CHECK_EQ(tag[2].blocks, 0);
	CHECK_EQ(tag[2].bytes, 0);
	heap_tag_set(h, 0);
	finish(h);
}

TEST(a_freed_blocks_tag_is_not_found_again)
{
	struct heap *h;
	void *p;

	RIG_NEEDS_PLAIN_BLOCKS;
	h = counted_heap();
	heap_tag_set(h, 2);
	p = heap_alloc(h, 100);
	heap_free(h, p);
	CHECK_EQ(tag_of(h, p), HEAP_TAG_NONE);
	heap_tag_set(h, 0);
	CHECK(heap_alloc(h, 100) == p);
	CHECK_EQ(tag_of(h, p), 0);
	finish(h);
}

TEST(a_tag_beyond_the_accounts_is_none)
{
	struct heap *h = counted_heap();
	void *p;

	heap_tag_set(h, TAGS - 1);
	p = heap_alloc(h, 20);
	heap_tag_set(h, 0);
	CHECK_EQ(tag_of(h, p), TAGS - 1);
	accounts.tags = TAGS - 1;
	CHECK_EQ(tag_of(h, p), HEAP_TAG_NONE);
	accounts.tags = TAGS;
	heap_free(h, p);
	CHECK_EQ(tag[TAGS - 1].bytes, 0);
	finish(h);
}

/* ---- whose tag -------------------------------------------------------------- */

TEST(threads_have_tags_of_their_own)
{
	struct heap *h = counted_heap();
	void *p, *q;

	heap_tag_set(h, 1);
	thread_now = 2;
	CHECK_EQ(heap_tag_set(h, 2), 0);
	p = heap_alloc(h, 10);
	thread_now = 3;
	CHECK_EQ(heap_tag_set(h, 3), HEAP_TAG_NONE);
	CHECK_EQ(heap_tag_set(h, 0), 0);
	CHECK_EQ(tag_of(h, heap_alloc(h, 10)), 0);
	thread_now = 1;
	q = heap_alloc(h, 10);
	CHECK_EQ(tag_of(h, p), 2);
	CHECK_EQ(tag_of(h, q), 1);
	CHECK_EQ(heap_tag_set(h, TAGS), HEAP_TAG_NONE);
	CHECK_EQ(heap_tag_set(h, 0), 1);
	thread_now = 3;
	CHECK_EQ(heap_tag_set(h, 3), 0);
	finish(h);
}

TEST(slots_of_others_are_left_alone)
{
	struct heap *h = plain_heap();
	void *p;

	/* The second one is not theirs, whatever is in it. */
	accounts.tasks = 1;
	task[1].thread = 1;
	task[1].tag = 3;
	heap_accounts_start(h, &accounts);
	p = heap_alloc(h, 10);
	CHECK_EQ(tag_of(h, p), 0);
	CHECK_EQ(heap_tag_set(h, 1), 0);
	CHECK_EQ(task[0].thread, 1);
	CHECK_EQ(task[0].tag, 1);
	task[1] = (struct heap_tag_task){0};
	thread_now = 2;
	CHECK_EQ(heap_tag_set(h, 2), HEAP_TAG_NONE);
	CHECK_EQ(task[1].tag, 0);
	thread_now = 1;
	CHECK_EQ(heap_tag_set(h, 0), 1);
	CHECK_EQ(heap_tag_set(h, 0), 0);
	/* Without accounts nothing is set. */
	finish(h);
	h = plain_heap();
	CHECK_EQ(heap_tag_set(h, 1), 0);
	CHECK_EQ(task[0].tag, 0);
	heap_destroy(h);
}

TEST(a_caller_in_the_table_gives_its_tag)
{
	static const struct heap_tag_range ranges[] = {
		{0x100, 1}, {0x200, 0}, {0x280, 2}, {0x300, 99}, {0x380, TAGS}};
	struct heap *h = counted_heap();
	static const struct {
		uintptr_t caller;
		unsigned tag;
	} cases[] = {{0, 0},     {0xff, 0},  {0x100, 1}, {0x1ff, 1},
		     {0x200, 0}, {0x27f, 0}, {0x281, 2}, {0x2ff, 2},
		     {0x300, 0}, {0x999, 0}};

	accounts.range = ranges;
	accounts.ranges = 5;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const void *caller = (const void *)cases[i].caller, *by;
		void *p = heap_alloc_from(h, 10, caller);
		unsigned which;

		CHECK_EQ(heap_tag_of(h, p, &which, &by), true);
		CHECK_EQ(which, cases[i].tag);
		CHECK(by == caller);
		heap_free(h, p);
	}
	heap_tag_set(h, 3);
	CHECK_EQ(tag_of(h, heap_alloc_from(h, 10, (void *)0x100)), 3);
	heap_tag_set(h, 0);
	finish(h);
}

static struct heap_event last;

static void remember(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	last = *e;
}

TEST(observers_are_told_the_tag)
{
	struct heap *h = counted_heap();
	struct heap_observer o = {.tell = remember};
	void *p;

	heap_observe(h, &o);
	heap_tag_set(h, 3);
	p = heap_alloc(h, 10);
	CHECK_EQ(last.tag, 3);
	CHECK_EQ(last.size, heap_usable_size(h, p));
	CHECK(heap_alloc(h, 100000) == NULL);
	CHECK_EQ(last.tag, 3);
	heap_tag_set(h, 0);
	heap_free(h, p);
	CHECK_EQ(last.op, HEAP_OP_FREE);
	CHECK_EQ(last.tag, 3);
	heap_unobserve(h, &o);
	finish(h);
}

/* Observers stand above the accounts, and pass on what they get. */
TEST(accounts_beneath_observers_are_kept_right)
{
	struct heap *h = interrupted_heap(0, 0);
	struct heap_observer o = {.tell = remember};
	void *p;

	CHECK_EQ(heap_observe(h, &o), true);
	p = heap_alloc(h, 20);
	CHECK_EQ(tag[0].blocks, 1);
	rig.in_isr = true;
	heap_free(h, p);
	rig.in_isr = false;
	/* The next call ends it. */
	p = heap_alloc(h, 30);
	CHECK_EQ(tag[0].blocks, 1);
	CHECK_EQ(tag[0].bytes, cost_of(30));
	p = heap_resize(h, p, 60);
	CHECK_EQ(tag[0].bytes, cost_of(60));
	heap_reset(h);
	CHECK_EQ(last.op, HEAP_OP_RESET);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(tag[0].bytes, 0);
	CHECK_EQ(heap_unobserve(h, &o), true);
	finish(h);
}

/* ---- looking at them, and Lua ------------------------------------------------ */

static bool says(const char *what)
{
	for (const char *at = text; *at != '\0'; at++) {
		const char *a = at, *w = what;

		while (*w != '\0' && *a == *w) {
			a++;
			w++;
		}
		if (*w == '\0')
			return true;
	}
	return false;
}

TEST(the_dump_shows_the_accounts_that_were_used)
{
	struct heap *h = counted_heap();
	struct heap_tag copy;

	tag[1].name = "sensors";
	tag[2].name = "network";
	heap_tag_set(h, 1);
	/* In the debug profile the two words are the trailer's. */
	heap_alloc(h, rig_units(4) - (HEAP_CHECK >= 3 ? 0 : 2 * WORD_SIZE));
	heap_tag_set(h, 3);
	heap_free(h, heap_alloc(h, 1));
	heap_tag_set(h, 0);
	CHECK_EQ(heap_tag_read(h, 1, &copy), true);
	CHECK_EQ(copy.blocks, 1);
	CHECK_EQ(heap_tag_read(h, TAGS, &copy), false);
	heap_tags_dump(h);
	CHECK_EQ(says("tag              bytes    blocks      peak"), true);
	CHECK_EQ(says(WORD_SIZE == 4
			      ? "sensors             32         1        32"
			      : "sensors             64         1        64"),
		 true);
	CHECK_EQ(says("network"), false);
	CHECK_EQ(says("\n3                    0         0"), true);
	finish(h);
}

TEST(the_dump_is_a_table_of_all_that_is_known)
{
	struct heap *h = counted_heap();

	/* A name that just fits, one that does not, none, and unused ones. */
	tag[0] = (struct heap_tag){.name = "twelve_bytes",
				   .bytes = 1,
				   .blocks = 20,
				   .peak = 300,
				   .total = 4000000000u,
				   .limit = 50,
				   .refused = 6};
	tag[1] = (struct heap_tag){.name = "more_than_that", .total = 1};
	tag[2] = (struct heap_tag){.name = "unused", .limit = 9};
	tag[3] = (struct heap_tag){.refused = 1};
	text_used = 0;
	heap_tags_dump(h);
	CHECK_STR_EQ(text,
		     "tag              bytes    blocks      peak     total"
		     "     limit   refused\n"
		     "twelve_bytes         1        20       3004000000000"
		     "        50         6\n"
		     "more_than_that         0         0         0         1"
		     "         0         0\n"
		     "3                    0         0         0         0"
		     "         0         1\n");
	finish(h);
}

TEST(one_account_is_a_table_too)
{
	struct heap *h = plain_heap();

	accounts.tags = 1;
	heap_accounts_start(h, &accounts);
	tag[0] = (struct heap_tag){.name = "all", .total = 5};
	tag[1] = (struct heap_tag){.name = "nobody's", .total = 5};
	heap_tags_dump(h);
	CHECK_EQ(says("all                  0"), true);
	CHECK_EQ(says("nobody's"), false);
	/* An empty name is one. */
	tag[0].name = "\0hidden";
	text_used = 0;
	heap_tags_dump(h);
	CHECK_EQ(says("refused\n                     0"), true);
	finish(h);
}

TEST(luas_allocator_has_its_own_tag_and_limit)
{
	struct heap *h = counted_heap();
	struct heap_lua lua = {h, 2};
	void *p, *q;

	tag[2].limit = 400;
	tag[2].refuse = true;
	heap_tag_set(h, 1);
	/* Of a new block the second word says what kind of object it is. */
	p = heap_lua_alloc(&lua, NULL, 5, 100);
	CHECK_EQ(tag_of(h, p), 2);
	rig_fill(p, 100, 9);
	q = heap_lua_alloc(&lua, p, 100, 200);
	CHECK(q != NULL && rig_filled(q, 100, 9));
	CHECK(heap_lua_alloc(&lua, q, 200, 600) == NULL);
	CHECK(rig_filled(q, 100, 9));
	p = heap_lua_alloc(&lua, q, 200, 10);
	CHECK(p != NULL && rig_filled(p, 10, 9));
	CHECK(heap_lua_alloc(&lua, p, 10, 0) == NULL);
	CHECK(heap_lua_alloc(&lua, NULL, 0, 0) == NULL);
	CHECK_EQ(tag[2].bytes, 0);
	CHECK_EQ(tag[2].refused, 1);
	CHECK_EQ(heap_tag_set(h, 0), 1);
	finish(h);
	h = plain_heap();
	lua.heap = h;
	p = heap_lua_alloc(&lua, NULL, 5, 100);
	CHECK(p != NULL);
	CHECK(heap_lua_alloc(&lua, p, 100, 0) == NULL);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(random_calls_keep_the_accounts_right)
{
	enum { SLOTS = 16 };
	static void *block[SLOTS];
	struct heap *h = counted_heap();
	uint32_t seed = 12345;
	size_t sum = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		block[i] = NULL;
	for (unsigned i = 0; i < 3000; i++) {
		seed = seed * 1664525u + 1013904223u;
		unsigned slot = (seed >> 8) % SLOTS, n = (seed >> 16) % 200;

		if (i % 16 == 0)
			heap_tag_set(h, (seed >> 24) % TAGS);
		if ((seed >> 4 & 3) == 0) {
			heap_free(h, block[slot]);
			block[slot] = NULL;
		} else {
			void *p = heap_resize(h, block[slot], n);

			if (p != NULL || n == 0)
				block[slot] = p;
		}
	}
	heap_tag_set(h, 0);
	for (unsigned i = 0; i < TAGS; i++)
		sum += tag[i].bytes;
	/* heap-debug.a has more around a block. */
	if (HEAP_CHECK < 3)
		CHECK_EQ(sum, rig_stats(h).in_use);
	for (unsigned i = 0; i < SLOTS; i++)
		heap_free(h, block[i]);
	for (unsigned i = 0; i < TAGS; i++)
		CHECK_EQ(tag[i].bytes + tag[i].blocks, 0);
	finish(h);
}
