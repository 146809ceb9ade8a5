/* SPDX-License-Identifier: MIT */
/* What heap.h promises of every block, and the edges of the lock. */
#include "rig.h"

#define MOST ((size_t)4096)

TEST(requests_of_nothing_get_pointers_of_their_own)
{
	struct heap *h = rig_heap(MOST);
	void *p[8];

	for (unsigned i = 0; i < 8; i++) {
		p[i] = heap_alloc(h, 0);
		CHECK(p[i] != NULL);
		for (unsigned j = 0; j < i; j++)
			CHECK(p[i] != p[j]);
	}
	for (unsigned i = 0; i < 8; i++)
		heap_free(h, p[i]);
	rig_let_go(h);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

TEST(every_block_is_aligned_and_holds_what_was_asked)
{
	for (size_t n = 0; n < 300; n += 1 + n / 40) {
		struct heap *h = rig_heap(MOST);
		unsigned char *p = heap_alloc(h, n), *q = heap_alloc(h, n);

		CHECK(p != NULL && q != NULL);
		CHECK_EQ((uintptr_t)p % HEAP_ALIGN, 0);
		CHECK(heap_usable_size(h, p) >= n);
		CHECK(heap_usable_size(h, p) < n + HEAP_ALIGN + WORD_SIZE);
		rig_fill(p, heap_usable_size(h, p), 1);
		rig_fill(q, heap_usable_size(h, q), 2);
		CHECK(rig_filled(p, heap_usable_size(h, p), 1));
		rig_check_sound(h);
	}
}

TEST(nothing_has_no_usable_bytes)
{
	struct heap *h = rig_heap(MOST);

	CHECK_EQ(heap_usable_size(h, NULL), 0);
	rig_check_sound(h);
}

TEST(sizes_near_the_end_of_the_word_are_refused)
{
	struct heap *h = rig_heap(MOST);

	for (size_t k = 0; k < 40; k++) {
		CHECK(heap_alloc(h, SIZE_MAX - k) == NULL);
		CHECK(heap_zalloc(h, SIZE_MAX - k) == NULL);
		CHECK(heap_alloc(h, (size_t)PTRDIFF_MAX - 20 + k) == NULL);
		CHECK(heap_alloc(h, HEAP_CHUNK_MAX - 20 + k) == NULL);
	}
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

TEST(what_no_chunk_can_hold_is_never_asked_of_the_port)
{
	struct heap *h = rig_growing_heap(MOST, RIG_ADJOIN);

	CHECK(heap_alloc(h, SIZE_MAX) == NULL);
	CHECK(heap_alloc(h, HEAP_CHUNK_MAX) == NULL);
	CHECK(heap_resize(h, NULL, SIZE_MAX) == NULL);
	CHECK(heap_alloc_aligned(h, 64, HEAP_CHUNK_MAX) == NULL);
	CHECK_EQ(rig.grows, 0);
	rig_check_sound(h);
}

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	rig_port.fault(ctx, fault);
}

static void *no_more(void *ctx, ptrdiff_t n)
{
	(void)ctx;
	rig.grows += n > 0;
	return (void *)-1;
}

/* Nothing to lock: another way through malloc, of the same limit. */
static const struct heap_port unlocked_port = {
	.sbrk = no_more,
	.fault = on_fault,
};

/* Up to the largest block the port is asked, and its refusal counted. */
TEST(one_byte_more_than_the_largest_block_is_refused_unseen)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	for (unsigned i = 0; i < 2; i++) {
		size_t n;
		void *arena = rig_arena(&n, MOST);
		struct heap *h;

		h = heap_create(arena, n,
				i == 0 ? &rig_port_growing : &unlocked_port);
		CHECK(h != NULL);
		CHECK(heap_alloc(h, CHUNK_PAYLOAD_MAX + 1) == NULL);
		CHECK_EQ(rig.grows, 0);
		CHECK_EQ(rig_stats(h).failures, 0);
		CHECK(heap_alloc(h, CHUNK_PAYLOAD_MAX) == NULL);
		CHECK(rig.grows > 0);
		CHECK_EQ(rig_stats(h).failures, 1);
		CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	}
}

TEST(zalloc_clears_memory_that_was_used)
{
	for (size_t n = 0; n < 200; n += 7) {
		struct heap *h = rig_heap(MOST);
		unsigned char *p = heap_alloc(h, 1500);

		CHECK(p != NULL);
		rig_fill(p, 1500, 1);
		heap_free(h, p);
		p = heap_zalloc(h, n);
		CHECK(p != NULL);
		for (size_t i = 0; i < n; i++)
			CHECK_EQ(p[i], 0);
	}
}

TEST(zalloc_clears_split_merged_and_shrunk_memory)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);
	unsigned char *p;

	rig_lay(h, "u3 u4 u5 u2 u9");
	heap_free(h, rig_block[0]);
	heap_free(h, rig_block[2]);
	heap_free(h, rig_block[1]);
	CHECK(heap_resize(h, rig_block[4], rig_units(2)) != NULL);
	while ((p = heap_zalloc(h, rig_units(3))) != NULL)
		for (size_t i = 0; i < rig_units(3); i++)
			CHECK_EQ(p[i], 0);
	rig_check_sound(h);
}

TEST(every_call_takes_the_lock_once)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);
	struct heap_stats stats;
	unsigned locks = rig.locks;
	void *p = heap_alloc(h, 24);

	CHECK_EQ(rig.locks, ++locks);
	CHECK(heap_alloc(h, 0) != NULL);
	CHECK_EQ(rig.locks, ++locks);
	CHECK(heap_resize(h, p, 20) == p);
	CHECK_EQ(rig.locks, ++locks);
	CHECK(heap_usable_size(h, p) >= 20);
	CHECK_EQ(rig.locks, ++locks);
	heap_free(h, p);
	CHECK_EQ(rig.locks, ++locks);
	CHECK(heap_alloc_aligned(h, 64, 10) != NULL);
	CHECK_EQ(rig.locks, ++locks);
	CHECK(heap_zalloc(h, 10) != NULL);
	CHECK_EQ(rig.locks, ++locks);
	CHECK(heap_alloc(h, 2 * MOST) == NULL);
	CHECK_EQ(rig.locks, ++locks);
	heap_stats(h, &stats);
	CHECK_EQ(rig.locks, ++locks);
	heap_check(h, NULL);
	CHECK_EQ(rig.locks, ++locks);
	heap_trim(h, 0);
	CHECK_EQ(rig.locks, ++locks);
	heap_reset(h);
	CHECK_EQ(rig.locks, ++locks);
	rig_check_sound(h);
}

/* ---- where the lock excludes nobody ------------------------------------ */

static bool never(void *ctx, const struct heap_chunk *chunk)
{
	(void)chunk;
	*(bool *)ctx = true;
	return true;
}

TEST(calls_from_an_interrupt_are_refused)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = rig_heap(MOST);
	struct heap_stats stats;
	bool visited = false;
	unsigned locks;
	void *p;

	rig_lay(h, "u2 f3 u2");
	p = rig_block[0];
	locks = rig.locks;
	rig.in_isr = true;
	CHECK(heap_alloc(h, 1) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK_PTR_EQ(rig.fault.heap, h);
	CHECK_EQ(rig.fault.invariant, HEAP_OK);
	CHECK(heap_zalloc(h, 1) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK(heap_alloc_aligned(h, 64, 1) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK(heap_resize(h, p, 100) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	CHECK(heap_resize(h, p, 0) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	heap_free(h, p);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	CHECK_EQ(heap_usable_size(h, p), 0);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	CHECK_EQ(heap_trim(h, 0), 0);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_stats(h, &stats);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK_EQ(stats.taken, 0);
	CHECK(!heap_walk(h, never, &visited));
	CHECK(!visited);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_free(h, NULL);
	CHECK_EQ(rig.faults, 0);
	CHECK_EQ(rig.locks, locks);

	rig.in_isr = false;
	CHECK_STR_EQ(rig_map(h), "u2 f3 u2 t");
	rig_check_sound(h);
}

/* ---- the culprit ------------------------------------------------------- */

TEST(a_fault_names_the_caller_that_a_wrapper_gives)
{
	struct heap *h = rig_heap(MOST);
	static const char culprit[1];

	RIG_NEEDS_CHECKS;
	heap_free_from(h, &rig, culprit);
	rig_check_fault(HEAP_FAULT_FOREIGN, &rig);
	CHECK_PTR_EQ(rig.fault.caller, culprit);
	CHECK(heap_resize_from(h, &rig, 8, culprit) == NULL);
	rig_check_fault(HEAP_FAULT_FOREIGN, &rig);
	CHECK_PTR_EQ(rig.fault.caller, culprit);
	CHECK_EQ(heap_usable_size_from(h, &rig, culprit), 0);
	rig_check_fault(HEAP_FAULT_FOREIGN, &rig);
	CHECK_PTR_EQ(rig.fault.caller, culprit);
	rig.in_isr = true;
	CHECK(heap_alloc_from(h, 8, culprit) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK_PTR_EQ(rig.fault.caller, culprit);
	CHECK(heap_alloc_aligned_from(h, 64, 8, culprit) == NULL);
	CHECK_PTR_EQ(rig.fault.caller, culprit);
}

/* In this function, or right behind it: close to the culprit. */
static bool near(const void *code, void (*function)(struct heap *h))
{
	uintptr_t distance = (uintptr_t)code - (uintptr_t)function;

	return distance < 200 || (uintptr_t)0 - distance < 8;
}

__attribute__((noinline)) static void by_free(struct heap *h)
{
	heap_free(h, &rig);
	__asm__ volatile("");
}

__attribute__((noinline)) static void by_resize(struct heap *h)
{
	CHECK(heap_resize(h, &rig, 8) == NULL);
}

__attribute__((noinline)) static void by_usable_size(struct heap *h)
{
	CHECK_EQ(heap_usable_size(h, &rig), 0);
}

TEST(a_fault_names_the_function_that_called)
{
	struct heap *h = rig_heap(MOST);

	RIG_NEEDS_CHECKS;
	by_free(h);
	CHECK(near(rig.fault.caller, by_free));
	by_resize(h);
	CHECK(near(rig.fault.caller, by_resize));
	by_usable_size(h);
	CHECK(near(rig.fault.caller, by_usable_size));
	CHECK_EQ(rig.faults, 3);
}

/* ---- ports with less --------------------------------------------------- */

TEST(a_heap_without_a_port_works_and_is_silent)
{
	size_t n;
	void *arena = rig_arena(&n, MOST);
	struct heap *h = heap_create(arena, n, NULL);
	void *p = heap_alloc(h, 100);

	CHECK(p != NULL);
	p = heap_resize(h, p, 300);
	CHECK(p != NULL);
	heap_free(h, p);
	if (HEAP_CHECK != 0)
		heap_free(h, p);
	CHECK(heap_alloc(h, n) == NULL);
	CHECK_EQ(heap_trim(h, 0), 0);
	CHECK_STR_EQ(rig_map(h), "t");
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	CHECK_EQ(rig.locks, 0);
}
