/* SPDX-License-Identifier: MIT */
/*
 * Words of the control block that lead to code, the port and the layer, are
 * there twice.  When the two differ, the call that sees it does nothing else: it
 * mends what it can, tells, and the next one works.
 */
#include "heap_observe.h"
#include "hot.h"
#include "rig.h"

#define MOST ((size_t)2048)

#if HEAP_CHECK != 0

static const struct heap_port elsewhere = {.lock = NULL};
static struct heap_watch room;
static struct heap_observer observer;
static unsigned told;
static struct heap *h;
static void *block;

static void count(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	(void)e;
	told++;
}

/* ---- every call ------------------------------------------------------------ */

static bool by_alloc(void)
{
	return heap_alloc(h, 10) == NULL;
}

static bool by_aligned(void)
{
	return heap_alloc_aligned(h, 64, 10) == NULL;
}

static bool by_resize(void)
{
	return heap_resize(h, block, 200) == NULL;
}

static bool by_usable_size(void)
{
	return heap_usable_size(h, block) == 0;
}

static bool by_free(void)
{
	heap_free(h, block);
	return true;
}

static bool by_trim(void)
{
	return heap_trim(h, 0) == 0;
}

static bool see(void *ctx, const struct heap_chunk *chunk)
{
	(void)ctx;
	return chunk->size != 0;
}

static bool by_walk(void)
{
	return !heap_walk(h, see, NULL);
}

static bool by_stats(void)
{
	struct heap_stats s;

	heap_stats(h, &s);
	return s.taken == 0;
}

static bool by_check(void)
{
	/* It has told instead. */
	return heap_check(h, NULL) == HEAP_OK;
}

static bool by_reset(void)
{
	heap_reset(h);
	return true;
}

static bool by_destroy(void)
{
	heap_destroy(h);
	return true;
}

static bool (*const calls[])(void) = {
	by_alloc, by_aligned, by_resize, by_usable_size, by_free,    by_trim,
	by_walk,  by_stats,   by_check,  by_reset,       by_destroy,
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void start(void)
{
	h = rig_heap(MOST);
	block = heap_alloc(h, 100);
	CHECK(h != NULL && block != NULL);
	rig_fill(block, 100, 5);
}

static void check_one_fault(void)
{
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_INVARIANT);
	CHECK_EQ(rig.fault.invariant, HEAP_I8);
	CHECK_EQ(rig.lock_errors, 0);
	CHECK(!rig.locked);
	rig.faults = 0;
}

static void check_goes_on(void)
{
	CHECK(rig_filled(block, 100, 5));
	heap_free(h, block);
	block = heap_alloc(h, 30);
	CHECK(block != NULL);
	rig_check_sound(h);
}

TEST(a_port_of_which_the_copy_is_right_is_mended_and_told)
{
	for (unsigned i = 0; i < CALLS; i++) {
		start();
		h->port = &elsewhere;
		CHECK(calls[i]());
		CHECK(h->port == &rig_port && h->port_copy == &rig_port);
		check_one_fault();
		check_goes_on();
	}
}

/* Not a word of it is read: on the host it would be a crash. */
TEST(a_port_that_leads_nowhere_is_not_followed)
{
	for (unsigned i = 0; i < CALLS; i++) {
		start();
		h->port = (const struct heap_port *)HEAP_ALIGN;
		CHECK(calls[i]());
		CHECK(h->port == &rig_port);
		check_one_fault();
		check_goes_on();
	}
}

TEST(a_copy_of_a_port_that_is_right_is_mended_and_told)
{
	for (unsigned i = 0; i < CALLS; i++) {
		start();
		h->port_copy = &elsewhere;
		CHECK(calls[i]());
		CHECK(h->port == &rig_port && h->port_copy == &rig_port);
		check_one_fault();
		check_goes_on();
	}
}

/* Whom to tell is not known then; what has been taken stays usable. */
TEST(a_port_that_is_lost_is_one_that_does_nothing)
{
	start();
	h->port = &elsewhere;
	h->port_copy = &elsewhere + 1;
	CHECK(by_alloc());
	CHECK(h->port == h->port_copy && h->port->sbrk == NULL);
	CHECK(h->port->lock == NULL && h->port->fault == NULL);
	CHECK_EQ(rig.faults, 0);
	heap_free(h, block);
	CHECK_EQ(rig.faults, 0);
}

TEST(a_port_without_memory_is_lost_when_it_differs)
{
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	heap_set_port(h, &rig_port_growing);
	h->port_copy = &elsewhere;
	CHECK(by_alloc());
	CHECK(h->port == h->port_copy && h->port->sbrk == NULL);
	CHECK_EQ(rig.grows, 0);
}

static unsigned asked;

static void *refuse_memory(void *ctx, ptrdiff_t n)
{
	(void)ctx;
	(void)n;
	asked++;
	return (void *)-1;
}

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	rig_port.fault(ctx, fault);
}

static const struct heap_port unlocked = {
	.sbrk = refuse_memory,
	.fault = on_fault,
};

/* Where nothing is locked, the port is first needed to grow. */
TEST(growth_looks_at_the_port_where_no_lock_did)
{
	size_t n;
	void *mem = rig_arena(&n, MOST);

	h = heap_create(mem, n, &unlocked);
	CHECK(h != NULL);
	asked = 0;
	while (heap_alloc(h, 64) != NULL)
		continue;
	CHECK(asked > 0);
	CHECK_EQ(rig.faults, 0);
	asked = 0;
	h->port = &elsewhere;
	CHECK_PTR_EQ(heap_alloc(h, 64), NULL);
	CHECK_EQ(asked, 0);
	CHECK(h->port == &unlocked);
	check_one_fault();
	CHECK_PTR_EQ(heap_alloc(h, 64), NULL);
	CHECK(asked > 0);
	rig_check_sound(h);
}

/* ---- layers ------------------------------------------------------------------- */

static void observe(void)
{
	heap_watchable(h, &room);
	observer = (struct heap_observer){.tell = count};
	CHECK_EQ(heap_observe(h, &observer), true);
	told = 0;
}

TEST(a_layer_that_is_lost_is_none_and_told)
{
	for (unsigned i = 0; i < 2 * CALLS; i++) {
		start();
		observe();
		if (i % 2 == 0)
			h->layer++;
		else
			h->layer_copy++;
		CHECK(calls[i / 2]());
		CHECK(h->layer == NULL && h->layer_copy == NULL);
		CHECK_EQ(told, 0);
		check_one_fault();
		check_goes_on();
		CHECK_EQ(told, 0);
		heap_unobserve(h, &observer);
		heap_destroy(h);
	}
}

TEST(where_nothing_is_locked_layers_are_called_as_well)
{
	size_t n;
	void *mem = rig_arena(&n, MOST), *p;

	h = heap_create(mem, n, &unlocked);
	p = heap_alloc(h, 10);
	observe();
	/* By these malloc and free would do it all by themselves. */
	CHECK_EQ(h->bins.fast, 0);
	CHECK_EQ(h->bins.open, 0);
	heap_free(h, p);
	CHECK_EQ(told, 1);
	p = heap_alloc(h, 10);
	CHECK_EQ(told, 2);
	CHECK_EQ(heap_unobserve(h, &observer), true);
	CHECK_EQ(h->bins.fast, HEAP_CHECK >= 3 ? 0 : CHUNK_PAYLOAD_MAX + 1);
	CHECK_EQ(h->bins.open, HEAP_CHECK >= 3 ? 0 : h->bins.units);
	heap_free(h, p);
	CHECK_EQ(told, 2);
	rig_check_sound(h);
	heap_destroy(h);
}

/* The bounds by which free may do without a lock, where it may. */
TEST(what_needs_no_lock_is_as_large_as_the_heap)
{
	for (unsigned i = 0; i < 2; i++) {
		static struct heap_port growing;
		size_t units;

		h = rig_growing_heap(2 * MOST, RIG_ADJOIN);
		growing = unlocked;
		growing.sbrk = rig_port_growing.sbrk;
		heap_set_port(h, i == 0 ? &growing : &rig_port_growing);
		CHECK(heap_alloc(h, 100) != NULL);
		heap_set_fast(h);
		units = h->bins.units;
		CHECK(heap_alloc(h, 3 * HEAP_GROW / 2) != NULL);
		CHECK(h->bins.units > units);
		CHECK_EQ(h->bins.open,
			 i == 0 && HEAP_CHECK < 3 ? h->bins.units : 0);
	}
}

/* Of the two words that say that there is memory, one is lost. */
TEST(a_heap_that_has_lost_its_top_or_base_is_not_empty)
{
	start();
	h->top = NULL;
	CHECK(!heap_walk(h, see, NULL));
	CHECK(heap_check(h, NULL) != HEAP_OK);
	start();
	h->base = NULL;
	CHECK(!heap_walk(h, see, NULL));
	CHECK(heap_check(h, NULL) != HEAP_OK);
}

/* ---- what was found --------------------------------------------------------------- */

/* As if it had been found by an earlier call, or written by anybody. */
static void soil(void)
{
	h->bins.damage.kind = HEAP_FAULT_LINK;
}

TEST(no_call_tells_of_damage_that_it_has_not_found)
{
	const struct heap_port *const ports[] = {&rig_port, &unlocked};

	for (unsigned i = 0; i < 2; i++) {
		size_t n, failures;
		void *mem = rig_arena(&n, MOST), *p;

		h = heap_create(mem, n, ports[i]);
		soil();
		p = heap_alloc(h, 10);
		CHECK(p != NULL);
		soil();
		p = heap_resize(h, p, 60);
		CHECK(p != NULL);
		soil();
		CHECK(heap_usable_size(h, p) >= 60);
		soil();
		CHECK(heap_alloc_aligned(h, 64, 10) != NULL);
		soil();
		CHECK_EQ(heap_trim(h, 0), 0);
		failures = rig_stats(h).failures;
		soil();
		CHECK(heap_alloc(h, MOST) == NULL);
		CHECK_EQ(rig_stats(h).failures, failures + 1);
		soil();
		heap_free(h, p);
		CHECK_EQ(rig.faults, 0);
		soil();
		heap_free(h, p);
		rig_check_fault(HEAP_FAULT_NOT_USED, p);
		soil();
		CHECK(heap_resize(h, p, 90) == NULL);
		rig_check_fault(HEAP_FAULT_NOT_USED, p);
		rig_check_sound(h);
	}
	start();
	observe();
	h->layer++;
	soil();
	CHECK(by_alloc());
	check_one_fault();
	heap_destroy(h);
}

/* ---- heads of size 0 -------------------------------------------------------------- */

#if HEAP_CHECK < 3
/* A head in a payload that all tests of a head take for a used one's. */
TEST(a_sealed_head_of_size_0_is_no_block)
{
	for (unsigned i = 0; i < 2; i++) {
		size_t *p;
		struct chunk *forged;

		h = rig_heap(MOST);
		p = heap_alloc(h, rig_units(1));
		heap_free(h, p);
		forged = chunk_above(mem_to_chunk(p), 3 * HEAP_ALIGN);
		/* Such that FENCE, or another, has the right seal there. */
		h->bins.key = chunk_parity(FENCE ^ (uintptr_t)forged);
		h->check = heap_slow_check(h);
		p = heap_alloc(h, rig_units(6));
		CHECK((char *)forged < (char *)p + 5 * HEAP_ALIGN);
		forged->head = FENCE;
		if (i == 0)
			CHECK_EQ(heap_usable_size(h, chunk_to_mem(forged)), 0);
		else
			heap_free(h, chunk_to_mem(forged));
		rig_check_fault(HEAP_FAULT_NOT_USED, chunk_to_mem(forged));
		heap_free(h, p);
		rig_check_sound(h);
	}
}

TEST(a_fence_that_was_cleared_is_not_joined)
{
	size_t *p, was;
	struct chunk *top;

	h = rig_heap(MOST);
	p = heap_alloc(h, rig_units(3));
	top = h->top;
	was = top->head;
	/* Free, by its bits, and of size 0. */
	top->head = CHUNK_PREV_USED;
	heap_free(h, p);
	CHECK_EQ(rig.faults, 1);
	CHECK_PTR_EQ(rig.fault.mem, p);
	rig.faults = 0;
	top->head = was;
	heap_free(h, p);
	rig_check_sound(h);
}

/* What malloc is made of where there is no lock calls it when it cannot. */
TEST(the_rest_of_an_inline_malloc_serves_or_refuses)
{
	static const char caller;
	size_t n;
	void *mem = rig_arena(&n, MOST), *p;
	struct chunk *at;

	h = heap_create(mem, n, &unlocked);
	/* A tiny chunk, which the inline part leaves to it. */
	p = heap_alloc(h, 0);
	CHECK(heap_alloc(h, 0) != NULL);
	heap_free(h, p);
	CHECK(hot_take(h, CHUNK_MIN, &at) == NULL);
	CHECK_PTR_EQ(heap_alloc_rest(h, CHUNK_MIN, at, &caller), p);
	/* More than there is. */
	CHECK(hot_take(h, align_up(n, HEAP_ALIGN), &at) == NULL);
	asked = 0;
	CHECK_PTR_EQ(heap_alloc_rest(h, align_up(n, HEAP_ALIGN), at, &caller),
		     NULL);
	CHECK(asked > 0);
	CHECK_EQ(rig_stats(h).failures, 1);
	rig_check_sound(h);
	/* A damaged bin. */
	p = heap_alloc(h, rig_units(4));
	CHECK(heap_alloc(h, 0) != NULL);
	heap_free(h, p);
	*(size_t *)p ^= HEAP_ALIGN;
	at = NULL;
	CHECK(hot_take(h, 4 * HEAP_ALIGN, &at) == NULL);
	CHECK_PTR_EQ(heap_alloc_rest(h, 4 * HEAP_ALIGN, at, &caller), NULL);
	CHECK(rig.fault.caller == &caller);
	rig_check_fault(HEAP_FAULT_LINK, NULL);
	CHECK_EQ(rig_stats(h).failures, 1);
	*(size_t *)p ^= HEAP_ALIGN;
	rig_check_sound(h);
}

TEST(a_block_does_not_grow_past_a_limit_that_is_damaged)
{
	size_t *p;

	h = rig_heap(MOST);
	p = heap_alloc(h, rig_units(3));
	h->limit = chunk_above(h->limit, 4 * MOST);
	CHECK_PTR_EQ(heap_resize(h, p, 2 * MOST), NULL);
	CHECK_EQ(rig.fault.invariant, HEAP_I8);
	rig_check_fault(HEAP_FAULT_INVARIANT, p);
	h->limit = chunk_below(h->limit, 4 * MOST);
	CHECK(heap_resize(h, p, rig_units(9)) == p);
	rig_check_sound(h);
}

/* It is sound, but another lies between. */
TEST(a_block_does_not_grow_down_into_a_chunk_that_is_not_its_neighbour)
{
	size_t *p[4], *foot;
	const size_t units[] = {4, 2, 6, 5};

	h = rig_heap(MOST);
	for (unsigned i = 0; i < 4; i++)
		p[i] = heap_alloc(h, rig_units(units[i]));
	while (heap_alloc(h, 0) != NULL)
		continue;
	rig_fill(p[3], 4 * HEAP_ALIGN, 8);
	heap_free(h, p[0]);
	heap_free(h, p[2]);
	foot = (size_t *)mem_to_chunk(p[3]) - 1;
	CHECK_EQ(*foot, 6 * HEAP_ALIGN);
	*foot = 12 * HEAP_ALIGN;
	CHECK_PTR_EQ(heap_resize(h, p[3], rig_units(10)), NULL);
	CHECK(rig_filled(p[3], 4 * HEAP_ALIGN, 8));
	*foot = 6 * HEAP_ALIGN;
	rig.faults = 0;
	CHECK(heap_resize(h, p[3], rig_units(10)) == p[2]);
	CHECK(rig_filled(p[2], 4 * HEAP_ALIGN, 8));
	rig_check_sound(h);
}

/* A top that leads into an older segment is not below the hull. */
TEST(reset_knows_a_top_that_lies_in_an_older_segment)
{
	struct chunk *older;

	h = rig_growing_heap(4096, RIG_FOREIGN);
	while (h->older == 0 || (uintptr_t)h->base == h->bins.lo)
		CHECK(heap_alloc(h, 100) != NULL);
	older = (struct chunk *)h->bins.lo;
	CHECK(older < h->base);
	h->top = older;
	heap_reset(h);
	CHECK(h->top == h->base);
	rig_check_sound(h);
	CHECK_EQ(rig_stats(h).used_chunks, 0);
}

TEST(a_block_does_not_grow_down_into_a_damaged_chunk)
{
	size_t *p, *q, was;

	h = rig_heap(MOST);
	p = heap_alloc(h, rig_units(6));
	q = heap_alloc(h, rig_units(6));
	while (heap_alloc(h, 0) != NULL)
		continue;
	rig_fill(q, 5 * HEAP_ALIGN, 8);
	heap_free(h, p);
	was = *p;
	*p = was ^ HEAP_ALIGN;
	CHECK_PTR_EQ(heap_resize(h, q, rig_units(9)), NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
	rig.faults = 0;
	*p = was;
	CHECK(rig_filled(q, 5 * HEAP_ALIGN, 8));
	CHECK(heap_resize(h, q, rig_units(9)) == p);
	CHECK(rig_filled(p, 5 * HEAP_ALIGN, 8));
	rig_check_sound(h);
}
#endif

/*
 * Damaged, `fast` may say that no lock is needed where one is.  The call then
 * takes none, and must not end holding it.
 */
TEST(a_call_that_is_told_to_take_no_lock_leaves_none_behind)
{
	char *p, *q;

	if (HEAP_CHECK >= 3)
		return;
	h = rig_heap(MOST);
	p = heap_alloc(h, 40);
	CHECK(heap_alloc(h, 8) != NULL);
	rig_fill((uint8_t *)p, 40, 5);
	h->bins.fast = 77;
	q = heap_resize(h, p, 200);
	CHECK(q != NULL && q != p && rig_filled((uint8_t *)q, 40, 5));
	CHECK(!rig.locked);
	heap_free(h, q);
	CHECK(!rig.locked);
	h->bins.fast = 0;
	rig_check_sound(h);
}

#endif
