/* SPDX-License-Identifier: MIT */
/* Observers: what they are told, by whom, and what they may do meanwhile. */
#include "heap_observe.h"
#include "layer.h"
#include "rig.h"

/* No more than the smallest board has room for. */
#define EVENTS 7

static struct {
	struct heap_event event[EVENTS];
	unsigned n;
	unsigned locked; /* told while somebody held the lock */
} log;

static uintptr_t thread_now;

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	return thread_now;
}

static void record(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	log.locked += rig.locked;
	if (log.n < EVENTS)
		log.event[log.n] = *e;
	log.n++;
}

static struct heap_observer recorder;
static struct heap_watch room;
static struct heap_port port;

/* A heap of at most 4 KiB that can grow if told to, and its room. */
static struct heap *watched_heap(bool growing)
{
	struct heap *h;

	h = growing ? rig_growing_heap(4096, RIG_ADJOIN) : rig_heap(4096);
	heap_watchable(h, &room);
	log.n = log.locked = 0;
	recorder = (struct heap_observer){.tell = record};
	thread_now = 0;
	return h;
}

/* The same, where threads are told apart. */
static struct heap *threaded_heap(void)
{
	size_t n;
	void *mem = rig_arena(&n, 4096);
	struct heap *h;

	port = rig_port;
	port.thread = thread;
	h = heap_create(mem, n, &port);
	heap_watchable(h, &room);
	log.n = log.locked = 0;
	recorder = (struct heap_observer){.tell = record};
	thread_now = 1;
	return h;
}

static const struct heap_event *last(void)
{
	return &log.event[log.n - 1 < EVENTS ? log.n - 1 : 0];
}

/* The heap is sound, and parted from its room. */
static void finish(struct heap *h)
{
	CHECK_EQ(heap_unobserve(h, &recorder), true);
	CHECK_EQ(log.locked, 0);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(allocations_are_told_with_pointer_and_sizes)
{
	struct heap *h = watched_heap(false);
	void *p, *q;

	CHECK_EQ(heap_observe(h, &recorder), true);
	p = heap_alloc(h, 20);
	CHECK_EQ(log.n, 1);
	CHECK_EQ(last()->op, HEAP_OP_ALLOC);
	CHECK(last()->heap == h);
	CHECK(last()->mem == p);
	CHECK_EQ(last()->asked, 20);
	CHECK_EQ(last()->size, heap_usable_size(h, p));
	CHECK_EQ(heap_event_failed(last()), false);
	q = heap_zalloc(h, 9);
	CHECK_EQ(log.n, 2);
	CHECK(last()->mem == q);
	heap_free(h, q);
	q = heap_alloc_aligned(h, 64, 5);
	CHECK_EQ(log.n, 4);
	CHECK_EQ(last()->op, HEAP_OP_ALIGNED);
	CHECK_EQ(last()->align, 64);
	CHECK_EQ(last()->asked, 5);
	CHECK(last()->mem == q);
	heap_free(h, q);
	q = heap_alloc_aligned(h, 1, 5);
	CHECK_EQ(log.n, 6);
	CHECK_EQ(last()->op, HEAP_OP_ALIGNED);
	CHECK(q != NULL && last()->mem == q);
	heap_free(h, q);
	heap_free(h, p);
	finish(h);
}

TEST(a_block_is_told_of_before_it_is_freed)
{
	struct heap *h = watched_heap(false);
	void *p = heap_alloc(h, 20);
	size_t size = heap_usable_size(h, p);

	heap_observe(h, &recorder);
	heap_free(h, NULL);
	CHECK_EQ(log.n, 0);
	heap_free(h, p);
	CHECK_EQ(log.n, 1);
	CHECK_EQ(last()->op, HEAP_OP_FREE);
	CHECK(last()->old == p);
	CHECK_EQ(last()->old_size, size);
	/* What it does not need is 0. */
	CHECK(last()->mem == NULL);
	CHECK_EQ(last()->asked + last()->align + last()->size, 0);
	CHECK_EQ(last()->tag, 0);
	finish(h);
}

TEST(a_resize_is_told_before_and_after)
{
	struct heap *h = watched_heap(false);
	void *p, *q;

	heap_observe(h, &recorder);
	p = heap_resize(h, NULL, 10);
	CHECK_EQ(log.n, 1);
	CHECK_EQ(last()->op, HEAP_OP_ALLOC);
	heap_alloc(h, 1);
	log.n = 0;
	q = heap_resize(h, p, 100);
	CHECK_EQ(log.n, 2);
	CHECK_EQ(log.event[0].op, HEAP_OP_RESIZING);
	CHECK(log.event[0].old == p);
	CHECK_EQ(log.event[0].asked, 100);
	CHECK(log.event[0].old_size >= 10);
	CHECK_EQ(last()->op, HEAP_OP_RESIZED);
	CHECK(last()->old == p);
	CHECK(last()->mem == q);
	CHECK_EQ(last()->size, heap_usable_size(h, q));
	CHECK(heap_resize(h, q, 0) == NULL);
	CHECK_EQ(log.n, 3);
	CHECK_EQ(last()->op, HEAP_OP_FREE);
	CHECK(last()->old == q);
	finish(h);
}

TEST(what_is_refused_is_told_without_a_pointer)
{
	struct heap *h = watched_heap(false);
	void *p = heap_alloc(h, 20);

	heap_observe(h, &recorder);
	CHECK(heap_alloc(h, 100000) == NULL);
	CHECK_EQ(heap_event_failed(last()), true);
	CHECK_EQ(last()->asked, 100000);
	CHECK(heap_alloc(h, SIZE_MAX) == NULL);
	CHECK_EQ(heap_event_failed(last()), true);
	CHECK(heap_alloc_aligned(h, 3, 8) == NULL);
	CHECK_EQ(last()->op, HEAP_OP_ALIGNED);
	CHECK_EQ(heap_event_failed(last()), true);
	CHECK(heap_resize(h, p, SIZE_MAX) == NULL);
	CHECK_EQ(last()->op, HEAP_OP_RESIZED);
	CHECK(last()->old == p);
	CHECK_EQ(heap_event_failed(last()), true);
	CHECK_EQ(log.n, 5);
	heap_free(h, p);
	finish(h);
}

TEST(growth_is_told_first_and_trimming_too)
{
	struct heap *h = watched_heap(true);
	size_t before = rig_stats(h).taken, given;
	void *p, *q;

	heap_observe(h, &recorder);
	p = heap_alloc(h, 1500);
	CHECK_EQ(log.n, 2);
	CHECK_EQ(log.event[0].op, HEAP_OP_GROWN);
	CHECK_EQ(log.event[0].size, rig_stats(h).taken - before);
	CHECK(log.event[0].mem == rig.bank[0].brk);
	CHECK(log.event[0].caller == last()->caller);
	/* And what comes later alone. */
	before = rig_stats(h).taken;
	log.n = 0;
	q = heap_alloc(h, 1000);
	CHECK_EQ(log.n, 2);
	CHECK_EQ(log.event[0].op, HEAP_OP_GROWN);
	CHECK_EQ(log.event[0].size, rig_stats(h).taken - before);
	CHECK(log.event[0].thread == 0 && log.event[0].asked == 0);
	heap_free(h, q);
	heap_free(h, p);
	log.n = 0;
	given = heap_trim(h, 0);
	CHECK(given != 0);
	CHECK_EQ(log.n, 1);
	CHECK_EQ(last()->op, HEAP_OP_TRIMMED);
	CHECK_EQ(last()->size, given);
	CHECK(last()->mem == rig.bank[0].brk);
	heap_reset(h);
	CHECK_EQ(log.n, 2);
	CHECK_EQ(last()->op, HEAP_OP_RESET);
	finish(h);
}

TEST(events_are_numbered_in_order)
{
	struct heap *h = watched_heap(true);
	void *p;

	heap_observe(h, &recorder);
	p = heap_alloc(h, 100);
	p = heap_resize(h, p, 3000);
	heap_free(h, p);
	CHECK(log.n >= 5);
	for (unsigned i = 1; i < log.n && i < EVENTS; i++)
		CHECK_EQ(log.event[i].sequence - log.event[0].sequence, i);
	finish(h);
}

/* ---- who called -------------------------------------------------------- */

static struct heap *site_heap;
static void *site_block;

/* Each is one call of the heap that is not the last thing that it does. */
#define SITE(name, call)                                                       \
	__attribute__((noinline, noclone)) static void name(void)              \
	{                                                                      \
		call;                                                          \
		__asm__ volatile("" ::: "memory");                             \
	}

SITE(site_alloc, site_block = heap_alloc(site_heap, 30))
SITE(site_zalloc, site_block = heap_zalloc(site_heap, 30))
SITE(site_aligned, site_block = heap_alloc_aligned(site_heap, 32, 30))
SITE(site_resize, site_block = heap_resize(site_heap, site_block, 300))
SITE(site_free, heap_free(site_heap, site_block))
SITE(site_trim, heap_trim(site_heap, 0))
SITE(site_reset, heap_reset(site_heap))

/* Was it called from one of the first bytes of f, a function of one call? */
static bool is_in(void (*f)(void), const void *caller)
{
	return (uintptr_t)caller - ((uintptr_t)f & ~(uintptr_t)1) < 96;
}

static bool told_from(void (*f)(void))
{
	log.n = 0;
	f();
	return log.n != 0 && is_in(f, last()->caller);
}

TEST(the_caller_is_who_called_the_function_of_the_heap)
{
	struct heap *h = site_heap = watched_heap(true);

	heap_observe(h, &recorder);
	CHECK(told_from(site_alloc));
	CHECK(told_from(site_free));
	CHECK(told_from(site_zalloc));
	CHECK(told_from(site_resize));
	CHECK(told_from(site_free));
	CHECK(told_from(site_aligned));
	CHECK(told_from(site_free));
	CHECK(told_from(site_trim));
	CHECK(told_from(site_reset));
	CHECK(heap_alloc_from(h, 1, &log) != NULL);
	CHECK(last()->caller == &log);
	heap_reset(h);
	finish(h);
}

TEST(a_bad_pointer_is_told_without_a_size_and_then_faults)
{
	struct heap *h = site_heap = watched_heap(false);
	void *p = heap_alloc(h, 40);

	heap_observe(h, &recorder);
	heap_free(h, p);
	site_block = p;
	CHECK(told_from(site_free));
	CHECK_EQ(last()->old_size, 0);
	CHECK(is_in(site_free, rig.fault.caller));
	rig_check_fault(HEAP_FAULT_NOT_USED, p);
	log.n = 0;
	site_resize();
	CHECK_EQ(log.n, 2);
	CHECK_EQ(log.event[0].old_size, 0);
	CHECK_EQ(heap_event_failed(last()), true);
	CHECK(is_in(site_resize, rig.fault.caller));
	rig_check_fault(HEAP_FAULT_NOT_USED, p);
	finish(h);
}

TEST(where_the_lock_does_not_reach_nothing_is_told)
{
	struct heap *h = watched_heap(false);

	heap_observe(h, &recorder);
	rig.in_isr = true;
	CHECK(heap_alloc(h, 1) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK(heap_resize(h, &log, 1) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, &log);
	CHECK_EQ(log.n, 0);
	CHECK_EQ(heap_unobserve(h, &recorder), false);
	CHECK_EQ(heap_observe(h, &recorder), false);
	rig.in_isr = false;
	finish(h);
}

/* ---- what observers may do ---------------------------------------------- */

static void allocate(struct heap_observer *self, const struct heap_event *e)
{
	void *p = heap_alloc(e->heap, 50);

	(void)self;
	p = heap_resize(e->heap, p, 70);
	CHECK(p != NULL);
	heap_free(e->heap, p);
}

TEST(an_observer_may_allocate_and_is_not_told_of_it)
{
	struct heap *h = watched_heap(false);
	struct heap_observer greedy = {.tell = allocate};
	void *p;

	heap_observe(h, &greedy);
	heap_observe(h, &recorder);
	p = heap_alloc(h, 10);
	heap_free(h, p);
	CHECK_EQ(log.n, 2);
	CHECK_EQ(heap_unobserve(h, &greedy), true);
	finish(h);
}

/* Adds the observer in ctx, or, if that is itself, removes it. */
static void meddle(struct heap_observer *self, const struct heap_event *e)
{
	if (self->ctx != self)
		CHECK_EQ(heap_observe(e->heap, self->ctx), true);
	CHECK_EQ(heap_unobserve(e->heap, self), false);
}

TEST(an_observer_may_register_another_and_remove_itself)
{
	struct heap *h = watched_heap(false);
	struct heap_observer meddler = {.tell = meddle, .ctx = &recorder};

	heap_observe(h, &meddler);
	heap_alloc(h, 10);
	CHECK_EQ(heap_unobserve(h, &meddler), true);
	/* The new one heard of that already: it came behind the other. */
	CHECK_EQ(log.n, 1);
	heap_alloc(h, 10);
	CHECK_EQ(log.n, 2);
	finish(h);
}

TEST(the_last_observer_may_remove_itself)
{
	struct heap *h = watched_heap(false);
	struct heap_observer meddler = {.tell = meddle};
	void *p;

	meddler.ctx = &meddler;
	heap_observe(h, &meddler);
	p = heap_alloc(h, 10);
	/* Calls go by from then on. */
	CHECK_EQ(heap_has_layers(h), false);
	CHECK_EQ(heap_unobserve(h, &meddler), true);
	p = heap_resize(h, p, 1000);
	heap_free(h, p);
	finish(h);
}

TEST(registering_twice_is_refused)
{
	struct heap *h = watched_heap(false);

	CHECK_EQ(heap_observe(h, &recorder), true);
	CHECK_EQ(heap_observe(h, &recorder), false);
	heap_alloc(h, 10);
	CHECK_EQ(log.n, 1);
	CHECK_EQ(heap_unobserve(h, &recorder), true);
	CHECK_EQ(heap_unobserve(h, &recorder), true);
	heap_alloc(h, 10);
	CHECK_EQ(log.n, 1);
	CHECK_EQ(heap_observe(h, &recorder), true);
	heap_alloc(h, 10);
	CHECK_EQ(log.n, 2);
	finish(h);
}

/* The heap's words in it are the heap's from then on. */
TEST(an_observer_may_hold_anything_before_it_is_registered)
{
	static struct heap_observer stray = {.tell = record};
	struct heap *h = watched_heap(false);

	recorder.busy = 77;
	recorder.leaving = true;
	recorder.next = &stray;
	CHECK_EQ(heap_observe(h, &recorder), true);
	heap_alloc(h, 10);
	CHECK_EQ(log.n, 1);
	finish(h);
}

/* Grows the heap once, untold as yet. */
static void grow_once(struct heap_observer *self, const struct heap_event *e)
{
	if (self->ctx == NULL)
		return;
	self->ctx = NULL;
	CHECK(heap_alloc(e->heap, 1500) != NULL);
}

TEST(growth_before_the_first_observer_is_nobodys_news_later_growth_is)
{
	struct heap *h = watched_heap(true);
	struct heap_observer greedy = {.tell = grow_once, .ctx = &log};

	CHECK(heap_alloc(h, 10) != NULL);
	CHECK_EQ(heap_observe(h, &greedy), true);
	CHECK(heap_alloc(h, 10) != NULL);
	/* What greedy has caused is to be told still. */
	CHECK_EQ(heap_observe(h, &recorder), true);
	CHECK(heap_alloc(h, 10) != NULL);
	CHECK_EQ(log.n, 2);
	CHECK_EQ(log.event[0].op, HEAP_OP_GROWN);
	CHECK_EQ(log.event[1].op, HEAP_OP_ALLOC);
	CHECK_EQ(heap_unobserve(h, &greedy), true);
	CHECK_EQ(heap_unobserve(h, &recorder), true);
	/* Nobody observes. */
	CHECK(heap_alloc(h, 700) != NULL);
	log.n = 0;
	CHECK_EQ(heap_observe(h, &recorder), true);
	CHECK(heap_alloc(h, 10) != NULL);
	CHECK_EQ(log.n, 1);
	finish(h);
}

TEST(a_heap_without_room_has_no_observers)
{
	struct heap *h = rig_heap(4096);

	CHECK_EQ(heap_observe(h, &recorder), false);
	CHECK_EQ(heap_unobserve(h, &recorder), true);
	rig_check_sound(h);
}

TEST(a_destroyed_heap_gives_its_room_back)
{
	struct heap *h = watched_heap(false);

	heap_observe(h, &recorder);
	heap_destroy(h);
	CHECK_EQ(heap_observe(h, &recorder), false);
	h = watched_heap(false);
	CHECK_EQ(heap_observe(h, &recorder), true);
	heap_alloc(h, 10);
	CHECK_EQ(log.n, 1);
	finish(h);
}

/* ---- threads ------------------------------------------------------------- */

/* What thread 2 does in the midst of what thread 1 is told. */
static void (*meanwhile)(struct heap *h, struct heap_observer *self);

static void interrupted(struct heap_observer *self, const struct heap_event *e)
{
	record(self, e);
	if (thread_now != 1)
		return;
	thread_now = 2;
	meanwhile(e->heap, self);
	thread_now = 1;
}

static void allocate_too(struct heap *h, struct heap_observer *self)
{
	(void)self;
	heap_free(h, heap_alloc(h, 10));
}

TEST(what_other_threads_do_meanwhile_is_told)
{
	struct heap *h = threaded_heap();

	recorder.tell = interrupted;
	meanwhile = allocate_too;
	heap_observe(h, &recorder);
	heap_alloc(h, 20);
	CHECK_EQ(log.n, 3);
	CHECK_EQ(log.event[0].thread, 1);
	CHECK_EQ(log.event[1].thread, 2);
	CHECK_EQ(log.event[1].op, HEAP_OP_ALLOC);
	CHECK_EQ(log.event[2].op, HEAP_OP_FREE);
	CHECK_EQ(recorder.busy, 0);
	finish(h);
}

static void remove_it(struct heap *h, struct heap_observer *self)
{
	CHECK_EQ(heap_unobserve(h, self), false);
	CHECK_EQ(heap_unobserve(h, self), false);
	/* Thread 1 is in it still: it cannot come back either. */
	CHECK_EQ(heap_observe(h, self), false);
	heap_free(h, heap_alloc(h, 10));
}

TEST(one_that_a_thread_is_in_is_removed_when_it_has_left)
{
	struct heap *h = threaded_heap();
	struct heap_observer other = {.tell = record};

	recorder.tell = interrupted;
	meanwhile = remove_it;
	heap_observe(h, &recorder);
	heap_observe(h, &other);
	heap_alloc(h, 20);
	/* Thread 1's allocation twice, thread 2's two calls by the other. */
	CHECK_EQ(log.n, 4);
	CHECK(recorder.next == NULL || recorder.busy == 0);
	CHECK_EQ(heap_unobserve(h, &other), true);
	finish(h);
}

static struct heap_observer neighbour;

static void remove_neighbour(struct heap *h, struct heap_observer *self)
{
	(void)self;
	CHECK_EQ(heap_unobserve(h, &neighbour), true);
	/* It is the owner's again. */
	neighbour.tell = NULL;
	neighbour.next = &neighbour;
}

TEST(one_that_is_about_to_be_told_can_be_removed_at_once)
{
	struct heap *h = threaded_heap();

	neighbour = (struct heap_observer){.tell = record};
	recorder.tell = interrupted;
	meanwhile = remove_neighbour;
	heap_observe(h, &recorder);
	heap_observe(h, &neighbour);
	heap_alloc(h, 20);
	CHECK_EQ(log.n, 1);
	finish(h);
}
