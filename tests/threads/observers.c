/* SPDX-License-Identifier: MIT */
/*
 * Preempted threads allocate while observers print, which allocates, and while
 * one thread registers and removes observers all the time.  Every call of a
 * thread is told to a lasting observer exactly once, and never one that the
 * observer makes itself; a removed observer is told nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "heap_cortex_m.h"
#include "heap_observe.h"
#include "sched.h"
#include "tap_io.h"

#define NEVER ((void *)-1)

static volatile bool done[SCHED_THREADS];
static volatile uint32_t calls[SCHED_THREADS], told[SCHED_THREADS];
static volatile uint32_t printed, inside, waited, changes;
static uint32_t share = 1000, every = 500;

_Noreturn static void fail(const char *what)
{
	__asm__ volatile("cpsid i" ::: "memory");
	printf("not ok - %s, after %u + %u + %u calls\n", what,
	       (unsigned)calls[0], (unsigned)calls[1], (unsigned)calls[2]);
	board_exit(1);
}

/* ---- the port: as Cortex-M's own, and it knows threads ----------------- */

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	return sched_thread();
}

static void fault(void *ctx, const struct heap_fault *f)
{
	(void)ctx;
	heap_port_report(&heap_port_default, f);
	fail("the heap reports a fault");
}

static void console(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	board_write(bytes, n);
}

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.in_isr = heap_cortex_m_in_nmi,
	.thread = thread,
	.write = console,
	.fault = fault,
};

/* ---- observers ---------------------------------------------------------- */

static void count(const struct heap_event *e)
{
	if (e->thread != sched_thread() || e->thread >= SCHED_THREADS)
		fail("an event has the wrong thread");
	if (e->op != HEAP_OP_GROWN && e->op != HEAP_OP_RESIZED)
		told[e->thread]++;
}

/* Says what it is told in a string that libc allocates; prints some. */
static void print(struct heap_observer *self, const struct heap_event *e)
{
	static volatile bool busy[SCHED_THREADS];
	unsigned me = sched_thread();
	char *line;

	(void)self;
	if (busy[me])
		fail("an observer is told of what it does itself");
	busy[me] = true;
	inside += busy[0] + busy[1] + busy[2] > 1;
	count(e);
	if (asprintf(&line, "%u: %u of %u bytes at %p", me, (unsigned)e->op,
		     (unsigned)e->asked, e->mem) < 10)
		fail("asprintf has failed");
	if (told[me] % every == 0) {
		printf("# %s\n", line);
		printed++;
	}
	free(line);
	busy[me] = false;
}

static struct heap_observer printer = {.tell = print};

/* Owned by who registered it; tells when it is called and should not be. */
static void pass(struct heap_observer *self, const struct heap_event *e)
{
	(void)e;
	if (self->ctx == NEVER)
		fail("a removed observer is told of something");
	free(malloc(10));
	sched_yield();
	if (self->ctx == NEVER)
		fail("an observer was removed while a thread was in it");
}

/* ---- threads ------------------------------------------------------------ */

static void allocate(unsigned me)
{
	for (uint32_t i = 0; i < share; i++) {
		unsigned char *p = malloc(1 + i % 90), *q;

		if (p == NULL)
			fail("no memory");
		memset(p, (int)me, 1 + i % 90);
		q = realloc(p, 100);
		if (q == NULL || q[0] != me || q[i % 90] != me)
			fail("a block's contents have changed");
		free(q);
		calls[me] += 3;
	}
}

static void change(void)
{
	struct heap_observer *o = calloc(1, sizeof(*o));

	if (o == NULL)
		fail("no memory");
	o->tell = pass;
	if (!heap_observe(&heap_default, o))
		fail("an observer is not registered");
	sched_yield();
	while (!heap_unobserve(&heap_default, o)) {
		waited++;
		sched_yield();
	}
	o->ctx = NEVER;
	/* Time for a thread that would still be on its way. */
	sched_yield();
	sched_yield();
	o->next = NEVER;
	free(o);
	calls[2] += 2;
	changes++;
}

_Noreturn static void finish(void)
{
	struct heap_stats stats;

	while (!done[1] || !done[2])
		sched_yield();
	sched_stop();
	if (!heap_unobserve(&heap_default, &printer))
		fail("a thread is left in the observer");
	for (unsigned i = 0; i < SCHED_THREADS; i++)
		if (told[i] != calls[i])
			fail("events were lost, or were told twice");
	if (heap_check(&heap_default, NULL) != HEAP_OK)
		fail("the heap is not sound");
	heap_stats(&heap_default, &stats);
	if (stats.used_chunks != 0)
		fail("blocks are left");
	if (inside == 0 || waited == 0)
		fail("no thread was preempted in an observer");
	printf("ok - %u calls told, %u printed, %u begun inside another's, "
	       "%u changes of observers, %u had to wait, %u preemptions\n",
	       (unsigned)(told[0] + told[1] + told[2]), (unsigned)printed,
	       (unsigned)inside, (unsigned)changes, (unsigned)waited,
	       (unsigned)sched_preemptions);
	board_exit(0);
}

static void body(unsigned me)
{
	if (me != 2)
		allocate(me);
	else
		while (!done[0] || !done[1])
			change();
	done[me] = true;
	if (me == 0)
		finish();
	for (;;)
		sched_yield();
}

int main(void)
{
	const char *ops = board_args();

	if (ops[0] >= '0' && ops[0] <= '9')
		share = (uint32_t)strtoul(ops, NULL, 0) / 6;
	every = share / 4 + 1;
	if (!heap_observe(&heap_default, &printer))
		fail("the printer is not registered");
	sched_start(body, 0x2545f491);
}
