/* SPDX-License-Identifier: MIT */
/* Locks chosen at run time, and the lock made of a mutex. */
#include "heap.h"
#include "heap_lock.h"
#include "tap.h"

/* ---- a locker ----------------------------------------------------------- */

static unsigned taken, given;
static void *seen;
static bool interrupted;

static uintptr_t lock(void *ctx)
{
	seen = ctx;
	taken++;
	return 7;
}

static void unlock(void *ctx, uintptr_t state)
{
	given += ctx == seen && state == 7;
}

static bool in_isr(void *ctx)
{
	(void)ctx;
	return interrupted;
}

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	return 42;
}

static enum heap_fault_kind told_kind;

static void told(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	told_kind = fault->kind;
}

static const struct heap_port port = {
	.lock = heap_locker_lock,
	.unlock = heap_locker_unlock,
	.in_isr = heap_locker_in_isr,
	.thread = heap_locker_thread,
	.fault = told,
};

static struct heap *fresh(void)
{
	size_t n;
	void *arena = tap_arena(&n);

	taken = given = 0;
	interrupted = false;
	told_kind = HEAP_FAULT_NONE;
	return heap_create(arena, n, &port);
}

TEST(the_first_locker_serves_until_another_is_set)
{
	struct heap *h = fresh();

	CHECK(h != NULL);
	heap_set_locker(&heap_locker_first);
	heap_free(h, heap_alloc(h, 24));
	CHECK_EQ(taken, 0);
	CHECK_EQ(heap_locker_thread(NULL), 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(a_locker_is_called_with_its_own_ctx_and_gets_its_state_back)
{
	static int own;
	static const struct heap_locker locker = {
		.ctx = &own,
		.lock = lock,
		.unlock = unlock,
		.thread = thread,
	};
	struct heap *h = fresh();

	CHECK(h != NULL);
	heap_set_locker(&locker);
	heap_free(h, heap_alloc(h, 24));
	CHECK_EQ(taken, 2);
	CHECK_EQ(given, 2);
	CHECK_PTR_EQ(seen, &own);
	CHECK_EQ(heap_locker_thread(NULL), 42);
	heap_set_locker(&heap_locker_first);
}

TEST(a_locker_says_where_it_does_not_reach)
{
	static const struct heap_locker locker = {
		.lock = lock,
		.unlock = unlock,
		.in_isr = in_isr,
	};
	struct heap *h = fresh();

	CHECK(h != NULL);
	heap_set_locker(&locker);
	interrupted = true;
	CHECK_PTR_EQ(heap_alloc(h, 24), NULL);
	CHECK_EQ(told_kind, HEAP_FAULT_INTERRUPT);
	CHECK_EQ(taken, 0);
	interrupted = false;
	heap_set_locker(&heap_locker_first);
}

/* ---- a mutex ------------------------------------------------------------ */

static int object;
static enum heap_context where;
static bool is_taken;

static void take(void *mutex)
{
	if (mutex == &object && !is_taken)
		taken++;
	is_taken = true;
}

static void give(void *mutex)
{
	if (mutex == &object && is_taken)
		given++;
	is_taken = false;
}

static enum heap_context context(void)
{
	return where;
}

static struct heap_mutex mutex = {&object, take, give, context};

static const struct heap_port mutex_port = {
	.ctx = &mutex,
	.lock = heap_mutex_lock,
	.unlock = heap_mutex_unlock,
	.in_isr = heap_mutex_in_isr,
	.fault = told,
};

static struct heap *fresh_with_mutex(void)
{
	size_t n;
	void *arena = tap_arena(&n);

	taken = given = 0;
	is_taken = false;
	told_kind = HEAP_FAULT_NONE;
	where = HEAP_CONTEXT_ALONE;
	return heap_create(arena, n, &mutex_port);
}

TEST(a_thread_takes_the_mutex_and_gives_it_back)
{
	struct heap *h = fresh_with_mutex();

	CHECK(h != NULL);
	where = HEAP_CONTEXT_THREAD;
	heap_free(h, heap_alloc(h, 24));
	CHECK_EQ(taken, 2);
	CHECK_EQ(given, 2);
}

TEST(without_a_scheduler_the_mutex_is_left_alone)
{
	struct heap *h = fresh_with_mutex();
	void *p;

	CHECK(h != NULL);
	p = heap_alloc(h, 24);
	CHECK(p != NULL);
	heap_free(h, p);
	CHECK_EQ(taken, 0);
	CHECK_EQ(given, 0);
}

TEST(where_nobody_can_wait_a_call_is_refused_and_told)
{
	struct heap *h = fresh_with_mutex();
	void *p;

	CHECK(h != NULL);
	p = heap_alloc(h, 24);
	where = HEAP_CONTEXT_NO_WAIT;
	CHECK_PTR_EQ(heap_alloc(h, 24), NULL);
	CHECK_EQ(told_kind, HEAP_FAULT_INTERRUPT);
	told_kind = HEAP_FAULT_NONE;
	heap_free(h, p);
	CHECK_EQ(told_kind, HEAP_FAULT_INTERRUPT);
	CHECK_EQ(taken, 0);
	where = HEAP_CONTEXT_THREAD;
	heap_free(h, p);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}
