/* SPDX-License-Identifier: MIT */
/* The malloc family on a port that can do nothing. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "heap.h"
#include "tap.h"

/* To the heap it never changes; the last test gives it memory after all. */
extern struct heap_port bare __asm__("heap_port_default");
struct heap_port bare;

#ifdef __linux__
int brk(void *to);
#endif
void *sbrk(ptrdiff_t increment);
void malloc_stats(void);
void mstats(char *heading);

static size_t size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

TEST(without_an_sbrk_there_is_no_memory)
{
	errno = 0;
	CHECK(malloc(size(1)) == NULL && errno == ENOMEM);
	errno = 0;
	CHECK(sbrk(0) == (void *)-1 && errno == ENOMEM);
	errno = 0;
	CHECK(sbrk(64) == (void *)-1 && errno == ENOMEM);
#ifdef __linux__
	errno = 0;
	CHECK(brk((void *)size(4096)) == -1 && errno == ENOMEM);
#endif
	free(NULL);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

/* What parts an instance from its observers is not linked, nor called. */
TEST(an_instance_ends_in_a_program_without_observers)
{
	size_t n;
	void *arena = tap_arena(&n);
	struct heap *h = heap_create(arena, n, NULL);

	CHECK(h != NULL);
	CHECK(heap_alloc(h, 10) != NULL);
	heap_destroy(h);
	CHECK(heap_alloc(h, 10) == NULL);
}

TEST(without_a_console_nothing_is_reported)
{
	malloc_stats();
#if defined(__NEWLIB__) && !defined(__PICOLIBC__)
	mstats((char[]){"heading"});
#endif
	CHECK(malloc(size(1)) == NULL);
}

static void *take(void *ctx, ptrdiff_t increment)
{
	static size_t taken;
	size_t n;
	char *arena = tap_arena(&n), *old = arena + taken;

	(void)ctx;
	if (increment < 0 || (size_t)increment > n - taken)
		return (void *)-1;
	taken += (size_t)increment;
	return old;
}

TEST(a_heap_that_was_refused_once_may_be_served_later)
{
	void *p;

	bare.sbrk = take;
	p = malloc(size(20));
	CHECK(p != NULL);
	free(p);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

/* ---- newlib's lock, over the port's ----------------------------------------- */

#if defined(__NEWLIB__) && !defined(__PICOLIBC__)
struct _reent;
void __malloc_lock(struct _reent *r);
void __malloc_unlock(struct _reent *r);

static uintptr_t running; /* the thread */
static uintptr_t holder;  /* 0: nobody  */
static unsigned mistakes;

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	return running;
}

/* Who has it already goes on first, and lets go of it. */
static uintptr_t lock(void *ctx)
{
	const uintptr_t me = running;

	(void)ctx;
	if (holder != 0) {
		mistakes += holder == me;
		running = holder;
		__malloc_unlock(NULL);
		running = me;
	}
	mistakes += holder != 0;
	holder = me;
	return 100 + me;
}

static void unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	mistakes += holder != running || state != 100 + running;
	holder = 0;
}

TEST(newlibs_lock_does_nothing_where_the_port_has_none)
{
	__malloc_lock(NULL);
	__malloc_lock(NULL);
	__malloc_unlock(NULL);
	__malloc_unlock(NULL);
	__malloc_unlock(NULL);
	CHECK_EQ(holder, 0);
}

TEST(newlibs_lock_nests_for_the_thread_that_has_it_and_for_no_other)
{
	bare.thread = thread;
	bare.lock = lock;
	bare.unlock = unlock;
	for (running = 1; running <= 2; running++) {
		__malloc_lock(NULL);
		CHECK_EQ(holder, running);
		__malloc_lock(NULL);
		__malloc_unlock(NULL);
		CHECK_EQ(holder, running);
		__malloc_unlock(NULL);
		CHECK_EQ(holder, 0);
		__malloc_unlock(NULL);
		CHECK_EQ(holder, 0);
	}
	/* Another one waits, and has it alone then. */
	running = 1;
	__malloc_lock(NULL);
	running = 2;
	__malloc_lock(NULL);
	CHECK_EQ(holder, 2);
	__malloc_lock(NULL);
	__malloc_unlock(NULL);
	CHECK_EQ(holder, 2);
	__malloc_unlock(NULL);
	CHECK_EQ(holder, 0);
	CHECK_EQ(mistakes, 0);
	bare.lock = NULL;
	bare.unlock = NULL;
	bare.thread = NULL;
}
#endif
