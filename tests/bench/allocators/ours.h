/* SPDX-License-Identifier: MIT */
/*
 * An adapter for the heap: malloc, free and realloc as a program gets them
 * from heap.a, over the region port.  OURS_PORT says with which port:
 *   OURS_PLAIN   no lock, as the rivals have none; nothing but sbrk
 *   OURS_LOCKED  the same, and the lock that masks interrupts
 *   OURS_METER   the same, and each locked section is timed
 *   OURS_STOCK   the port that is in the archive
 * With OURS_IDLE 1 an observer was registered and removed: all of that is in the
 * program, and idle.
 * With OURS_NATIVE 1 it is heap_alloc and its like on heap_default instead.
 */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include "bench.h"
#include "heap.h"
#include "heap_cortex_m.h"

#ifndef OURS_IDLE
#define OURS_IDLE 0
#endif

#ifndef OURS_NATIVE
#define OURS_NATIVE 0
#endif

#define OURS_PLAIN  0
#define OURS_LOCKED 1
#define OURS_METER  2
#define OURS_STOCK  3

#if OURS_NATIVE
/* What a caller of heap.h writes; the two moves more are counted. */
static void *ours_malloc(size_t n)
{
	return heap_alloc(&heap_default, n);
}

static void ours_free(void *p)
{
	heap_free(&heap_default, p);
}

static void *ours_realloc(void *p, size_t n)
{
	return heap_resize(&heap_default, p, n);
}
#else
void *malloc(size_t n);
void free(void *p);
void *realloc(void *p, size_t n);
#define ours_malloc  malloc
#define ours_free    free
#define ours_realloc realloc
#endif

#if OURS_IDLE
#include "heap_observe.h"

static void ours_tell(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	(void)e;
	bench_fail("an observer is told something");
}

static void ours_idle(void)
{
	static struct heap_observer observer;

	observer.tell = ours_tell;
	if (!heap_observe(&heap_default, &observer) ||
	    !heap_unobserve(&heap_default, &observer))
		bench_fail("the observer does not come and go");
}
#else
static void ours_idle(void)
{
}
#endif

/* The region is the linker script's by default; here it ends where we say. */
static void ours_init(void *region, size_t size)
{
	heap_region_linker.start = region;
	heap_region_linker.end = (char *)region + size;
	ours_idle();
}

#if OURS_PORT == OURS_METER
/*
 * Not put back by a restart, for the longest of all runs is asked for; hence
 * a section that the linker script gives to the bench.
 */
__attribute__((section(".bss.bench_meter"))) static uint32_t since, longest;

static uintptr_t meter_lock(void *ctx)
{
	uintptr_t state = heap_cortex_m_lock(ctx);

	since = bench_ticks();
	return state;
}

static void meter_unlock(void *ctx, uintptr_t state)
{
	uint32_t now = bench_ticks();

	if (since - now > longest)
		longest = since - now;
	heap_cortex_m_unlock(ctx, state);
}

static uint32_t ours_locked(void)
{
	return bench_instructions(longest);
}
#define OURS_LOCK .lock = meter_lock, .unlock = meter_unlock,
#elif OURS_PORT == OURS_LOCKED
#define OURS_LOCK .lock = heap_cortex_m_lock, .unlock = heap_cortex_m_unlock,
#else
#define OURS_LOCK
#endif

#if OURS_PORT != OURS_STOCK
/* A misuse that the heap reports is a bug of the bench or of the heap. */
static void ours_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	(void)fault;
	bench_fail("the heap reports a fault");
}

const struct heap_port heap_port_default = {
	.ctx = &heap_region_linker,
	.sbrk = heap_region_sbrk,
	OURS_LOCK.fault = ours_fault,
};
#endif

const struct bench_allocator bench_allocator = {
	.init = ours_init,
	.malloc = ours_malloc,
	.free = ours_free,
	.realloc = ours_realloc,
#if OURS_PORT == OURS_METER
	.locked = ours_locked,
#endif
};

#endif
