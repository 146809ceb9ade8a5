/* SPDX-License-Identifier: MIT */
#include "heap_lock.h"

/*
 * Volatile: read once for each callback, wherever those are inlined.  NULL
 * until the first is set, so that it need not be in .data.
 */
static const struct heap_locker *volatile chosen;

static const struct heap_locker *current(void)
{
	const struct heap_locker *locker = chosen;

	return locker != NULL ? locker : &heap_locker_first;
}

void heap_set_locker(const struct heap_locker *locker)
{
	chosen = locker;
}

uintptr_t heap_locker_lock(void *ctx)
{
	const struct heap_locker *locker = current();

	(void)ctx;
	return locker->lock(locker->ctx);
}

void heap_locker_unlock(void *ctx, uintptr_t state)
{
	const struct heap_locker *locker = current();

	(void)ctx;
	locker->unlock(locker->ctx, state);
}

bool heap_locker_in_isr(void *ctx)
{
	const struct heap_locker *locker = current();

	(void)ctx;
	return locker->in_isr != NULL && locker->in_isr(locker->ctx);
}

uintptr_t heap_locker_thread(void *ctx)
{
	const struct heap_locker *locker = current();

	(void)ctx;
	return locker->thread != NULL ? locker->thread(locker->ctx) : 0;
}
