/* SPDX-License-Identifier: MIT */
/* free and malloc where the lock does not reach. */
#include "heap_pending.h"
#include "heap.h"
#include "state.h"
#include "tap.h"

#define SLOTS 3
#define BYTES 40
#define SMALL 24

static bool late, swap_works, lock_is_held;
static unsigned told, swaps_fail;
static struct heap_fault last;
static volatile uintptr_t reserve[SLOTS];
static struct heap_pending pending;

/* For one test at a time: the smallest board has no room for more. */
static union {
	void *blocks[256];
	uintptr_t words[256];
} some;

/* An interrupt that comes when the list was taken, before anything is freed. */
static void (*after_taking)(void);

static bool swap(volatile uintptr_t *word, uintptr_t from, uintptr_t to)
{
	void (*interrupt)(void) = after_taking;

	if (swaps_fail != 0) {
		swaps_fail--;
		return false;
	}
	if (!swap_works || !heap_swap(word, from, to))
		return false;
	if (interrupt != NULL && word == &pending.list && to == 0) {
		after_taking = NULL;
		interrupt();
	}
	return true;
}

/* A lock that is nested or not taken shows in `told`, too. */
static uintptr_t lock(void *ctx)
{
	(void)ctx;
	told += lock_is_held ? 10000 : 0;
	lock_is_held = true;
	return 1;
}

static void unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	told += lock_is_held && state == 1 ? 0 : 10000;
	lock_is_held = false;
}

static bool in_isr(void *ctx)
{
	(void)ctx;
	return late;
}

static void fault(void *ctx, const struct heap_fault *what)
{
	(void)ctx;
	told += lock_is_held ? 100 : 1;
	last = *what;
}

static const struct heap_port port = {
	.lock = lock,
	.unlock = unlock,
	.in_isr = in_isr,
	.fault = fault,
	.pending = &pending,
};

static struct heap *fresh(size_t slots)
{
	size_t n;
	void *arena = tap_arena(&n);

	for (size_t i = 0; i < SLOTS; i++)
		reserve[i] = 0;
	pending = (struct heap_pending){
		.calls = &heap_pending_calls,
		.swap = swap,
		.reserve = reserve,
		.slots = slots,
		.bytes = BYTES,
	};
	late = false;
	swap_works = true;
	swaps_fail = 0;
	after_taking = NULL;
	lock_is_held = false;
	told = 0;
	return heap_create(arena, n < 4096 ? n : 4096, &port);
}

static void late_free(struct heap *h, void *p)
{
	late = true;
	heap_free(h, p);
	late = false;
}

static void *late_alloc(struct heap *h, size_t n)
{
	late = true;
	void *p = heap_alloc(h, n);

	late = false;
	return p;
}

static size_t used(struct heap *h)
{
	struct heap_stats stats;

	heap_stats(h, &stats);
	return stats.used_chunks;
}

static size_t failures(struct heap *h)
{
	struct heap_stats stats;

	heap_stats(h, &stats);
	return stats.failures;
}

/* A call that takes and gives nothing. */
static void call(struct heap *h, void *p)
{
	heap_usable_size(h, p);
}

/* Blocks of SMALL bytes until the heap is full: how many. */
static unsigned fill(struct heap *h, void *blocks[], unsigned most)
{
	unsigned n = 0;

	while (n < most && (blocks[n] = heap_alloc(h, SMALL)) != NULL)
		n++;
	return n;
}

/* Bytes of a block in the place of these n. */
static size_t all_of(struct heap *h, void *block, unsigned n)
{
	return n * (heap_usable_size(h, block) + sizeof(size_t)) -
	       sizeof(size_t);
}

/* The debug profile has larger chunks, and holds what was freed for a while. */
#define NEEDS_PLAIN_BLOCKS TAP_DO(has_plain_blocks())

static bool has_plain_blocks(void)
{
	if (HEAP_CHECK >= 3)
		tap_skip("HEAP_CHECK is 3");
	return HEAP_CHECK < 3;
}

TEST(a_block_freed_in_an_interrupt_is_freed_by_the_next_call)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(0);
	void *keep = heap_alloc(h, SMALL), *p = heap_alloc(h, SMALL);

	late_free(h, p);
	CHECK_EQ(used(h), 2);
	call(h, keep);
	CHECK_EQ(used(h), 1);
	CHECK_PTR_EQ(heap_alloc(h, SMALL), p);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	CHECK_EQ(told, 0);
}

TEST(a_call_frees_two_pending_blocks_and_leaves_the_others)
{
	struct heap *h = fresh(0);
	void *keep = heap_alloc(h, SMALL), *p[5];

	for (int i = 0; i < 5; i++)
		p[i] = heap_alloc(h, (size_t)i * 8);
	for (int i = 0; i < 5; i++)
		late_free(h, p[i]);
	CHECK_EQ(used(h), 6);
	call(h, keep);
	CHECK_EQ(used(h), 4);
	call(h, keep);
	CHECK_EQ(used(h), 2);
	call(h, keep);
	CHECK_EQ(used(h), 1);
	CHECK_EQ(failures(h), 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	CHECK_EQ(told, 0);
}

TEST(a_block_that_was_freed_once_before_is_pending_like_others)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(0);
	void *keep = heap_alloc(h, SMALL), *p = heap_alloc(h, SMALL);

	heap_free(h, p);
	CHECK_PTR_EQ(heap_alloc(h, SMALL), p);
	late_free(h, p);
	CHECK_EQ(told, 0);
	call(h, keep);
	CHECK_EQ(used(h), 1);
}

/* The last that a request freed for want of memory lies where it is served. */
TEST(a_block_served_from_what_was_pending_may_be_freed_in_an_interrupt)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(0);
	void **blocks = some.blocks, *p;
	unsigned n = fill(h, blocks, 256);

	CHECK(n > 8);
	for (unsigned i = 1; i <= 5; i++)
		late_free(h, blocks[i]);
	p = heap_alloc(h, all_of(h, blocks[0], 5));
	CHECK_PTR_EQ(p, blocks[1]);
	late_free(h, p);
	CHECK_EQ(told, 0);
	call(h, blocks[0]);
	CHECK_EQ(used(h), n - 5);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(no_call_tells_of_damage_that_an_earlier_one_found)
{
	struct heap *h = fresh(1);
	void *keep = heap_alloc(h, SMALL), *p = heap_alloc(h, SMALL);

	late_free(h, p);
	h->bins.damage.kind = HEAP_FAULT_LINK;
	call(h, keep);
	CHECK_EQ(told, 0);
	CHECK_EQ(used(h), 2);
}

TEST(null_in_an_interrupt_is_nothing)
{
	struct heap *h = fresh(0);

	late_free(h, NULL);
	CHECK_EQ(told, 0);
}

TEST(pending_blocks_are_freed_before_a_request_is_refused)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(0);
	void **blocks = some.blocks;
	unsigned n = fill(h, blocks, 256);

	CHECK(n > 8);

	size_t all = all_of(h, blocks[0], n);

	for (unsigned i = 0; i < n; i++)
		late_free(h, blocks[i]);
	CHECK(heap_alloc(h, all) != NULL);
	CHECK_EQ(used(h), 1);
	CHECK_EQ(told, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(resize_finds_what_is_pending_before_it_is_refused)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(0);
	void **blocks = some.blocks;
	unsigned n = fill(h, blocks, 256);

	CHECK(n > 8);

	/* The last one stays: a resize does not join what is before and the top. */
	size_t all = all_of(h, blocks[0], n - 1);

	for (unsigned i = 0; i < n - 1; i++)
		if (i != n / 2)
			late_free(h, blocks[i]);
	CHECK(heap_resize(h, blocks[n / 2], all) != NULL);
	CHECK_EQ(used(h), 2);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* In the debug profile too, where blocks have more around them. */
TEST(a_resize_tries_again_when_something_is_pending)
{
	struct heap *h = fresh(0);
	void **blocks = some.blocks;
	unsigned n = fill(h, blocks, 256);

	CHECK(n > 8);
	for (unsigned i = 1; i < n; i++)
		late_free(h, blocks[i]);
	blocks[0] = heap_resize(h, blocks[0], 8 * SMALL);
	CHECK(blocks[0] != NULL);
	CHECK_EQ(told, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

static struct heap *victim_heap;
static void *victim;

/* While the lock is let go of for others, an interrupt frees the block. */
static void unlock_and_free(void *ctx, uintptr_t state)
{
	unlock(ctx, state);
	if (victim == NULL || pending.rest == 0)
		return;
	late_free(victim_heap, victim);
	victim = NULL;
}

TEST(a_block_that_is_freed_while_it_is_resized_is_told)
{
	static struct heap_port nosy;
	void **blocks = some.blocks;
	struct heap *h;
	unsigned n;
	size_t size;

	fresh(0);
	nosy = port;
	nosy.unlock = unlock_and_free;
	h = heap_create(tap_arena(&size), 4096, &nosy);
	n = fill(h, blocks, 256);
	CHECK(n > 8);
	for (unsigned i = 1; i < n; i++)
		late_free(h, blocks[i]);
	victim_heap = h;
	victim = blocks[0];
	CHECK_PTR_EQ(heap_resize(h, blocks[0], 4000), NULL);
	CHECK(victim == NULL);
	for (unsigned i = 0; i < n; i++)
		heap_usable_size(h, NULL);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(an_aligned_block_finds_what_is_pending_before_it_is_refused)
{
	struct heap *h = fresh(0);
	void **blocks = some.blocks;
	unsigned n = fill(h, blocks, 256);

	CHECK(n > 8);

	size_t all = all_of(h, blocks[0], n);

	for (unsigned i = 0; i < n; i++)
		late_free(h, blocks[i]);
	CHECK(heap_alloc_aligned(h, 64, all - 64 * 3) != NULL);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* ---- the reserve --------------------------------------------------------- */

TEST(without_a_reserve_malloc_in_an_interrupt_is_refused_and_told)
{
	struct heap *h = fresh(0);

	CHECK_PTR_EQ(late_alloc(h, SMALL), NULL);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
	CHECK(last.caller != NULL);
}

TEST(calls_of_threads_fill_the_reserve_from_which_interrupts_take)
{
	struct heap *h = fresh(SLOTS);
	void *keep = heap_alloc(h, SMALL), *p[SLOTS];

	for (int i = 0; i < SLOTS; i++)
		call(h, keep);
	CHECK_EQ(used(h), 1 + SLOTS);
	for (int i = 0; i < SLOTS; i++) {
		p[i] = late_alloc(h, BYTES);
		CHECK(p[i] != NULL);
		for (int j = 0; j < i; j++)
			CHECK(p[i] != p[j]);
		CHECK(heap_usable_size(h, keep) >= SMALL);
	}
	for (int i = 0; i < SLOTS; i++)
		call(h, keep);
	for (int i = 0; i < SLOTS; i++)
		late_free(h, p[i]);
	CHECK_EQ(used(h), 1 + 2 * SLOTS);
	call(h, keep);
	call(h, keep);
	CHECK_EQ(used(h), 1 + SLOTS);
	CHECK_EQ(told, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	heap_reset(h);
	for (int i = 0; i < SLOTS; i++)
		CHECK(reserve[i] == 0);
}

/* Words behind the reserve are somebody else's. */
TEST(the_reserve_has_as_many_slots_as_were_said)
{
	struct heap *h = fresh(1);
	void *keep = heap_alloc(h, SMALL);

	for (int i = 0; i < 4; i++)
		call(h, keep);
	CHECK_EQ(used(h), 2);
	CHECK(reserve[0] != 0 && reserve[1] == 0);
	reserve[1] = 77;
	CHECK(late_alloc(h, 8) != NULL);
	CHECK_PTR_EQ(late_alloc(h, 8), NULL);
	heap_reset(h);
	CHECK_EQ(reserve[1], 77);
	CHECK_EQ(failures(h), 0);
	CHECK_EQ(told, 0);
}

TEST(an_empty_reserve_is_null_and_is_not_told)
{
	struct heap *h = fresh(1);

	heap_free(h, heap_alloc(h, SMALL));
	CHECK(late_alloc(h, BYTES) != NULL);
	CHECK_PTR_EQ(late_alloc(h, BYTES), NULL);
	CHECK_EQ(told, 0);
}

TEST(more_than_the_reserve_has_in_a_block_is_told)
{
	struct heap *h = fresh(1);

	heap_free(h, heap_alloc(h, SMALL));
	CHECK_PTR_EQ(late_alloc(h, BYTES + 1), NULL);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
}

TEST(zalloc_in_an_interrupt_clears_what_the_reserve_has)
{
	struct heap *h = fresh(1);
	unsigned char *p;

	heap_free(h, heap_alloc(h, SMALL));
	for (size_t i = 0; i < BYTES; i++)
		((unsigned char *)reserve[0])[i] = 0xff;
	late = true;
	p = heap_zalloc(h, BYTES);
	late = false;
	CHECK(p != NULL);
	for (size_t i = 0; i < BYTES; i++)
		CHECK_EQ(p[i], 0);
}

TEST(resizing_and_aligning_in_an_interrupt_are_told)
{
	struct heap *h = fresh(1);
	void *p = heap_alloc(h, SMALL);

	late = true;
	CHECK_PTR_EQ(heap_resize(h, p, 2 * SMALL), NULL);
	CHECK_EQ(told, 1);
	CHECK_PTR_EQ(heap_alloc_aligned(h, 64, 8), NULL);
	CHECK_EQ(told, 2);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
	late = false;
}

TEST(an_alignment_that_every_block_has_is_served_in_an_interrupt)
{
	struct heap *h = fresh(1);
	void *p;

	heap_free(h, heap_alloc(h, SMALL));
	late = true;
	CHECK_PTR_EQ(heap_alloc_aligned(h, 2 * HEAP_ALIGN, 8), NULL);
	CHECK_EQ(told, 1);
	p = heap_alloc_aligned(h, HEAP_ALIGN, 8);
	CHECK(p != NULL);
	CHECK_EQ(told, 1);
	heap_free(h, p);
	late = false;
	CHECK_EQ(told, 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* ---- growth ----------------------------------------------------------------- */

TEST(blocks_in_memory_that_came_later_are_pending_like_others)
{
	static struct heap_region region;
	static const struct heap_port growing = {
		.ctx = &region,
		.sbrk = heap_region_sbrk,
		.in_isr = in_isr,
		.fault = fault,
		.pending = &pending,
	};
	struct heap *h;
	size_t n;
	char *start = tap_arena(&n);
	void *p;

	fresh(0);
	pending.heap = NULL;
	/* First what lies above, then what lies below and adjoins itself. */
	region = (struct heap_region){start, start + 3072, NULL};
	h = heap_create(start + 3072, 1024, &growing);
	CHECK(h != NULL);
	for (int i = 0; i < 2; i++) {
		p = heap_alloc(h, 1100);
		CHECK(p != NULL);
		CHECK((char *)p < start + 3072);
		late_free(h, p);
		CHECK_EQ(told, 0);
		if (i == 0)
			CHECK(heap_alloc(h, 1000) != NULL);
	}
	heap_free(h, heap_alloc(h, 8));
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	CHECK_EQ(used(h), 1);
}

/* ---- whose it is --------------------------------------------------------- */

TEST(a_second_heap_with_the_same_port_is_refused)
{
	uintptr_t *more = some.words;
	struct heap *h = fresh(1), *second;
	void *p;

	CHECK(h != NULL);
	second = heap_create(more, sizeof(some), &port);
	CHECK(second != NULL);
	p = heap_alloc(second, SMALL);
	late_free(second, p);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
	CHECK_PTR_EQ(late_alloc(second, 8), NULL);
	CHECK_EQ(told, 2);
	CHECK_EQ(used(second), 1);
	/* What is pending in the first is no help for the second, nor lost. */
	p = heap_alloc(h, SMALL);
	late_free(h, p);
	CHECK_PTR_EQ(heap_alloc(second, sizeof(some)), NULL);
	heap_reset(second);
	CHECK_EQ(used(second), 0);
	CHECK(pending.list != 0);
	heap_free(h, heap_alloc(h, 8));
	CHECK(pending.list == 0);
	CHECK_EQ(told, 2);
}

TEST(a_reset_forgets_what_is_pending_and_in_reserve)
{
	struct heap *h = fresh(1);
	void *p = heap_alloc(h, SMALL);

	late_free(h, p);
	heap_reset(h);
	CHECK_EQ(used(h), 0);
	CHECK_PTR_EQ(late_alloc(h, 8), NULL);
	heap_free(h, heap_alloc(h, SMALL));
	CHECK_EQ(used(h), 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	CHECK_EQ(told, 0);
}

TEST(a_reset_forgets_what_is_being_freed)
{
	struct heap *h = fresh(0);
	void *keep = heap_alloc(h, SMALL), *p[5];

	for (int i = 0; i < 5; i++)
		p[i] = heap_alloc(h, SMALL);
	for (int i = 0; i < 5; i++)
		late_free(h, p[i]);
	call(h, keep);
	CHECK(pending.rest != 0);
	heap_reset(h);
	for (int i = 0; i < 5; i++)
		CHECK(heap_alloc(h, SMALL) != NULL);
	CHECK_EQ(used(h), 5);
	CHECK_EQ(told, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(after_the_end_of_a_heap_the_next_one_may_use_the_port)
{
	uintptr_t *more = some.words;
	struct heap *h = fresh(0);
	void *p = heap_alloc(h, SMALL);

	late_free(h, p);
	heap_destroy(h);
	h = heap_create(more, sizeof(some), &port);
	p = heap_alloc(h, SMALL);
	late_free(h, p);
	heap_free(h, heap_alloc(h, SMALL));
	CHECK_EQ(used(h), 0);
	CHECK_EQ(told, 0);
}

TEST(a_swap_that_fails_for_ever_is_told)
{
	struct heap *h = fresh(0);
	void *p = heap_alloc(h, SMALL);

	swap_works = false;
	late_free(h, p);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
	swap_works = true;
	heap_free(h, p);
	CHECK_EQ(told, 1);
	CHECK_EQ(used(h), 0);
}

TEST(a_swap_that_another_disturbs_is_tried_again)
{
	struct heap *h = fresh(1);
	void *keep = heap_alloc(h, SMALL), *p = heap_alloc(h, SMALL);

	swaps_fail = 1;
	late_free(h, p);
	CHECK_EQ(swaps_fail, 0);
	CHECK(pending.list != 0);
	swaps_fail = 1;
	call(h, keep);
	CHECK_EQ(swaps_fail, 0);
	CHECK(pending.list == 0);
	/* The one slot of the reserve is refilled by now. */
	swap_works = false;
	CHECK_PTR_EQ(late_alloc(h, 8), NULL);
	swap_works = true;
	CHECK(late_alloc(h, 8) != NULL);
	late_free(h, keep);
	swaps_fail = 2;
	heap_reset(h);
	CHECK_EQ(swaps_fail, 0);
	CHECK(pending.list == 0);
	CHECK_EQ(told, 0);
}

TEST(a_reserve_that_cannot_be_filled_stays_empty)
{
	struct heap *h = fresh(1);

	pending.bytes = SIZE_MAX;
	heap_free(h, heap_alloc(h, 8));
	CHECK(reserve[0] == 0);
	pending.bytes = BYTES;
	/* The heap is full but for less than that. */
	while (heap_alloc(h, 512) != NULL)
		continue;
	while (heap_alloc(h, 8) != NULL)
		continue;
	reserve[0] = 0;
	heap_alloc(h, 8);
	CHECK(reserve[0] == 0);
	CHECK_EQ(told, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

static unsigned asked;

static void *no_more(void *ctx, ptrdiff_t n)
{
	(void)ctx;
	asked += n > 0;
	return (void *)-1;
}

TEST(a_reserve_of_blocks_that_cannot_be_is_not_asked_for)
{
	NEEDS_PLAIN_BLOCKS;
	static struct heap_port poor;
	struct heap *h;
	size_t n;
	void *keep;

	fresh(1);
	pending.heap = NULL;
	poor = port;
	poor.sbrk = no_more;
	h = heap_create(tap_arena(&n), 4096, &poor);
	asked = 0;
	pending.bytes = CHUNK_PAYLOAD_MAX + 1;
	keep = heap_alloc(h, SMALL);
	CHECK_EQ(asked, 0);
	pending.bytes = CHUNK_PAYLOAD_MAX;
	call(h, keep);
	CHECK(asked > 0);
	CHECK_EQ(told, 0);
	CHECK_EQ(failures(h), 0);
}

TEST(a_port_that_knows_no_interrupts_may_have_a_list_as_well)
{
	static struct heap_pending own;
	static const struct heap_port simple = {
		.lock = lock,
		.unlock = unlock,
		.fault = fault,
		.pending = &own,
	};
	struct heap *h = fresh(0);
	size_t n;

	own = pending;
	own.heap = NULL;
	own.lo = own.hi = 0;
	h = heap_create(tap_arena(&n), 4096, &simple);
	CHECK(h != NULL);
	heap_free(h, heap_resize(h, heap_alloc(h, SMALL), 2 * SMALL));
	CHECK_EQ(used(h), 0);
	CHECK_EQ(told, 0);
}

/* ---- misuse: with heap-min.a the caller is trusted ----------------------- */

#if HEAP_CHECK != 0
TEST(freeing_a_pending_block_is_a_double_free_wherever)
{
	struct heap *h = fresh(0);
	void *p = heap_alloc(h, SMALL), *q = heap_alloc(h, SMALL);

	late_free(h, q);
	late_free(h, p);
	late_free(h, q);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.mem, q);
	heap_free(h, p);
	CHECK_EQ(told, 2);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(heap_resize(h, q, 8), NULL);
	CHECK_EQ(told, 3);
	CHECK_EQ(heap_usable_size(h, q), 0);
	CHECK_EQ(told, 4);
	heap_free(h, heap_alloc(h, 8));
	CHECK_EQ(used(h), 0);
	heap_free(h, p);
	CHECK_EQ(told, 5);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	late_free(h, q);
	CHECK_EQ(told, 6);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* More wait than a call frees: it is told all the same, by this very call. */
TEST(a_block_far_down_the_list_is_a_double_free_at_once)
{
	struct heap *h = fresh(0);
	void *p[8];

	for (int i = 0; i < 8; i++)
		p[i] = heap_alloc(h, SMALL);
	for (int i = 0; i < 8; i++)
		late_free(h, p[i]);
	for (int i = 0; i < 2; i++) {
		/* The end of the list, and one that leads on. */
		heap_free(h, p[i]);
		CHECK_EQ(told, 2 * (unsigned)i + 1);
		CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
		CHECK_EQ(last.invariant, HEAP_OK);
		CHECK_PTR_EQ(last.mem, p[i]);
		CHECK_PTR_EQ(last.chunk, mem_to_chunk(p[i]));
		late_free(h, p[i]);
		CHECK_EQ(told, 2 * (unsigned)i + 2);
		CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
		CHECK_PTR_EQ(last.mem, p[i]);
	}
	CHECK_EQ(failures(h), 0);
	for (int i = 0; i < 4; i++)
		heap_free(h, heap_alloc(h, 8));
	CHECK_EQ(used(h), 0);
	CHECK_EQ(told, 4);
}

/* The call that frees it fills the reserve as well, perhaps with this block. */
TEST(a_double_free_is_told_before_another_has_the_block)
{
	struct heap *h = fresh(1);
	void *p = heap_alloc(h, BYTES);

	reserve[0] = 0;
	late_free(h, p);
	heap_free(h, p);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.mem, p);
}

static struct heap *disturbed;
static void *twice;

static void free_again(void)
{
	late_free(disturbed, twice);
}

TEST(a_block_is_pending_at_every_instant_until_it_is_free)
{
	struct heap *h = fresh(0);
	void *keep = heap_alloc(h, SMALL), *p = heap_alloc(h, SMALL);

	disturbed = h;
	twice = p;
	late_free(h, p);
	after_taking = free_again;
	call(h, keep);
	CHECK(after_taking == NULL);
	/* Told once, by an interrupt that came while the lock was held. */
	CHECK_EQ(told, 100);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.mem, p);
	CHECK_EQ(used(h), 1);
	call(h, keep);
	CHECK_EQ(told, 100);
}

/* Likewise, but what stood in it was lost, and the lock is let go of. */
static void unlock_and_free_again(void *ctx, uintptr_t state)
{
	unlock(ctx, state);
	if (twice == NULL || pending.now != (uintptr_t)mem_to_chunk(twice))
		return;
	late_free(disturbed, twice);
	twice = NULL;
}

TEST(a_block_that_was_written_to_is_pending_while_that_is_told)
{
	static struct heap_port nosy;
	struct heap *h;
	uintptr_t *p, *keep;
	size_t n;

	fresh(0);
	nosy = port;
	nosy.unlock = unlock_and_free_again;
	h = heap_create(tap_arena(&n), 4096, &nosy);
	twice = NULL;
	p = heap_alloc(h, SMALL);
	keep = heap_alloc(h, SMALL);
	late_free(h, p);
	*p = 42;
	disturbed = h;
	twice = p;
	call(h, keep);
	CHECK(twice == NULL);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_LINK);
	CHECK_EQ(last.invariant, HEAP_I6);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p));
	CHECK_EQ(used(h), 1);
	call(h, keep);
	CHECK_EQ(told, 1);
	/* That it was freed again was counted. */
	late_free(h, &n);
	CHECK_EQ(told, 2);
	CHECK_EQ(last.untold, 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

#if HEAP_CHECK >= 3
/* An interrupt that comes when the block has not been marked as freed yet. */
static void free_shaded(void *ctx, enum heap_shade what, const void *mem,
			size_t n, size_t was)
{
	(void)ctx;
	(void)n;
	(void)was;
	if (what != HEAP_SHADE_DEAD || mem != twice)
		return;
	late_free(disturbed, twice);
	twice = NULL;
}

TEST(a_block_that_is_being_freed_is_not_freed_by_an_interrupt_too)
{
	static struct heap_port nosy;
	struct heap *h;
	void *p[2], *keep;
	size_t n;

	fresh(0);
	nosy = port;
	nosy.shade = free_shaded;
	h = heap_create(tap_arena(&n), 4096, &nosy);
	keep = heap_alloc(h, SMALL);
	disturbed = h;
	for (unsigned i = 0; i < 2; i++) {
		p[i] = heap_alloc(h, SMALL);
		twice = NULL;
		if (i == 1)
			late_free(h, p[i]);
		twice = p[i];
		if (i == 0)
			heap_free(h, p[i]);
		else
			call(h, keep);
		CHECK(twice == NULL);
		CHECK_EQ(told, 100 * (i + 1));
		CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
		CHECK_PTR_EQ(last.mem, p[i]);
		call(h, keep);
		CHECK_EQ(told, 100 * (i + 1));
	}
	CHECK_EQ(used(h), 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}
#endif

TEST(a_payload_that_looks_like_a_link_is_only_a_payload)
{
	struct heap *h = fresh(0);
	uintptr_t *p = heap_alloc(h, SMALL), *q = heap_alloc(h, SMALL);
	uintptr_t link;

	late_free(h, p);
	late_free(h, q);
	/* What q has is coded with q's place: the same at the same place. */
	link = *q;
	heap_free(h, heap_alloc(h, 200));
	q = heap_alloc(h, SMALL);
	while (q != NULL && *q != link)
		q = heap_alloc(h, SMALL);
	late_free(h, heap_alloc(h, 8));
	if (q != NULL)
		heap_free(h, q);
	CHECK_EQ(told, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(what_is_no_block_is_told_in_an_interrupt_too)
{
	struct heap *h = fresh(0);
	static uintptr_t object[4];
	char *p = heap_alloc(h, 64);

	late_free(h, object);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	CHECK_PTR_EQ(last.chunk, NULL);
	late_free(h, p + 1);
	CHECK_EQ(last.kind, HEAP_FAULT_MISALIGNED);
	CHECK_PTR_EQ(last.chunk, NULL);
	CHECK_EQ(last.invariant, HEAP_OK);
	/* Even: no used chunk.  An odd one would be sealed now and then. */
	for (size_t i = 0; i < 64; i++)
		p[i] = 0x54;
	late_free(h, p + 2 * HEAP_ALIGN);
	CHECK(last.kind == HEAP_FAULT_HEADER ||
	      last.kind == HEAP_FAULT_NOT_USED);
	CHECK_EQ(told, 3);
	/* A bit of the seal. */
	((size_t *)(void *)p)[-1] ^= (size_t)1 << (WORD_BITS - 1);
	late_free(h, p);
	CHECK_EQ(last.kind, HEAP_FAULT_HEADER);
	CHECK_EQ(last.invariant, HEAP_I1);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p));
	((size_t *)(void *)p)[-1] ^= (size_t)1 << (WORD_BITS - 1);
	told = 3;
	heap_free(h, p);
	late_free(h, p);
	CHECK_EQ(told, 4);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_EQ(last.invariant, HEAP_OK);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p));
	CHECK(last.caller != NULL);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* The first and the last places, and those that are no more. */
TEST(the_bounds_of_what_may_be_freed_in_an_interrupt)
{
	struct heap *h = fresh(0);
	void *p = heap_alloc(h, SMALL);

	CHECK_EQ((uintptr_t)mem_to_chunk(p), pending.lo);
	late_free(h, chunk_to_mem(chunk_below(mem_to_chunk(p), HEAP_ALIGN)));
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	late_free(h, chunk_to_mem((struct chunk *)pending.hi));
	CHECK_EQ(told, 2);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	/* The fence: used, and no block. */
	late_free(h, chunk_to_mem(chunk_next(mem_to_chunk(p))));
	CHECK_EQ(told, 3);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	late_free(h, p);
	CHECK_EQ(told, 3);
	/* Freed from the end of memory on, all of it is one list. */
	p = heap_alloc(h, SMALL);
	late_free(h, p);
	heap_free(h, heap_alloc(h, SMALL));
	CHECK_EQ(told, 3);
	CHECK_EQ(used(h), 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(before_the_heap_has_memory_nothing_is_a_block)
{
	static struct heap_pending own;
	static const struct heap_port empty = {
		.in_isr = in_isr,
		.fault = fault,
		.pending = &own,
	};
	struct heap *h = fresh(0);
	size_t n;

	own = pending;
	own.heap = NULL;
	own.lo = own.hi = 0;
	h = heap_create(tap_arena(&n), 4096, &empty);
	CHECK(h != NULL);
	heap_destroy(h);
	late_free(h, tap_arena(&n));
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
}

TEST(a_write_to_a_pending_block_is_told_when_it_is_freed)
{
	struct heap *h = fresh(0);
	uintptr_t *p = heap_alloc(h, SMALL), *q = heap_alloc(h, SMALL);
	void *keep = heap_alloc(h, SMALL);

	late_free(h, p);
	late_free(h, q);
	*q = 42;
	call(h, keep);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_LINK);
	CHECK_PTR_EQ(last.mem, q);
	/* q is free now; p is lost, and may be freed again. */
	CHECK_EQ(used(h), 2);
	heap_free(h, p);
	CHECK_EQ(told, 1);
	CHECK_EQ(used(h), 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(damage_around_a_pending_block_is_told_by_the_call_that_frees_it)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(0);
	uintptr_t *p = heap_alloc(h, sizeof(uintptr_t)), was;
	void *keep = heap_alloc(h, SMALL);

	late_free(h, p);
	was = p[1];
	p[1] ^= 0x70;
	call(h, keep);
	CHECK(told >= 1);
	CHECK(told < 100);
	CHECK_PTR_EQ(last.mem == keep ? p : last.mem, p);
	p[1] = was;
	heap_free(h, keep);
	CHECK_EQ(used(h), 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* Let the first word of block p, which is pending, be a link to q's. */
static void link_to(uintptr_t *p, uintptr_t other)
{
	uintptr_t c = (uintptr_t)p - sizeof(size_t);

	*p = other ^ (c * (uintptr_t)0x9e3779b97f4a7c15u);
}

static uintptr_t chunk_at(const void *p)
{
	return (uintptr_t)p - sizeof(size_t);
}

TEST(a_link_to_no_place_for_a_block_is_told)
{
	struct heap *h = fresh(0);
	uintptr_t *p = heap_alloc(h, SMALL);
	void *keep = heap_alloc(h, SMALL);
	const uintptr_t off[] = {chunk_at(keep) + 1, pending.lo - HEAP_ALIGN,
				 pending.hi + WORD_SIZE, pending.hi};

	for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		late_free(h, p);
		link_to(p, off[i]);
		told = 0;
		call(h, keep);
		CHECK_EQ(told, 1);
		CHECK_EQ(last.kind, HEAP_FAULT_LINK);
		CHECK_PTR_EQ(last.mem, p);
		p = heap_alloc(h, SMALL);
	}
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* What a program writes to a list of its own is no link, but damage. */
TEST(a_plain_address_written_to_a_pending_block_is_no_link)
{
	struct heap *h = fresh(0);
	uintptr_t *p = heap_alloc(h, SMALL);
	void *keep = heap_alloc(h, SMALL);

	late_free(h, p);
	*p = chunk_at(keep);
	call(h, keep);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_LINK);
	CHECK_PTR_EQ(last.mem, p);
	call(h, keep);
	CHECK_EQ(told, 1);
	CHECK_EQ(used(h), 1);
}

TEST(a_list_that_leads_round_is_followed_once)
{
	struct heap *h = fresh(0);
	uintptr_t *p = heap_alloc(h, SMALL), *q = heap_alloc(h, SMALL);
	uintptr_t *r = heap_alloc(h, SMALL);

	late_free(h, p);
	late_free(h, q);
	link_to(p, chunk_at(q));
	/* It looks like one that is on the list, as its last. */
	link_to(r, 0);
	late_free(h, r);
	CHECK_EQ(told, 0);
	for (unsigned i = 0; i < 4; i++)
		heap_free(h, heap_alloc(h, 8));
	CHECK(told > 0 && told < 100);
	CHECK(last.mem == q || last.mem == p);
	CHECK(pending.list == 0 && pending.rest == 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(a_pending_block_that_others_wait_behind_is_a_double_free)
{
	struct heap *h = fresh(0);
	void *p[4], *keep = heap_alloc(h, SMALL), *more;
	static uintptr_t object[4];
	size_t n;
	char *end = (char *)tap_arena(&n) + n;

	for (unsigned i = 0; i < 4; i++)
		p[i] = heap_alloc(h, SMALL);
	more = heap_alloc(h, SMALL);
	for (unsigned i = 0; i < 4; i++)
		late_free(h, p[i]);
	call(h, keep);
	/* Two are freed, two wait, and the list itself is empty. */
	CHECK(pending.list == 0 && pending.rest != 0);
	heap_free(h, p[0]);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	late_free(h, more);
	late_free(h, p[0]);
	CHECK_EQ(told, 2);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	/* While something waits, others are none of it. */
	heap_free(h, object);
	CHECK_EQ(told, 3);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	late_free(h, end);
	CHECK_EQ(told, 4);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	/* Nor is anything read there: on the host it would be a crash. */
	heap_free(h, (void *)(4 * HEAP_ALIGN));
	CHECK_EQ(told, 5);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(damage_that_a_refill_meets_is_told_without_a_block)
{
	NEEDS_PLAIN_BLOCKS;
	struct heap *h = fresh(1);
	uintptr_t *p = heap_alloc(h, BYTES), was;
	void *keep = heap_alloc(h, SMALL);

	reserve[0] = 0;
	heap_free(h, p);
	if (reserve[0] == (uintptr_t)p)
		SKIP("the reserve has the block");
	p = (uintptr_t *)chunk_at(p);
	was = *p;
	*p = was + HEAP_ALIGN;
	reserve[0] = 0;
	call(h, keep);
	CHECK_EQ(told, 1);
	CHECK_PTR_EQ(last.mem, NULL);
	CHECK(reserve[0] == 0);
	/* A request meets it as well, and is not tried again. */
	CHECK_PTR_EQ(heap_alloc(h, BYTES), NULL);
	CHECK(told >= 2);
	*p = was;
	CHECK(heap_alloc(h, BYTES) != NULL);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}
#endif
