/* SPDX-License-Identifier: MIT */
/*
 * L3: the edges of the lock, how an operation begins and ends.  In api.c where
 * it is not inline.
 */
#ifndef HEAP_ENTER_H
#define HEAP_ENTER_H

#include "state.h"

/*
 * Nothing is moved over the edges of the lock, whatever the port's callbacks
 * are made of and wherever they are inlined.
 */
static inline void heap_barrier(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Take the lock alone; heap_enter has said that this context may. */
static inline uintptr_t heap_lock(const struct heap *h)
{
	uintptr_t state;

	if (h->port->lock == NULL)
		return 0;
	state = h->port->lock(h->port->ctx);
	heap_barrier();
	return state;
}

static inline void heap_unlock(const struct heap *h, uintptr_t state)
{
	if (h->port->unlock == NULL)
		return;
	heap_barrier();
	h->port->unlock(h->port->ctx, state);
}

/*
 * Begin an operation: takes the lock.  False, fault told, when the context
 * is one that the lock does not exclude; there is nothing to leave then.
 */
bool heap_enter(struct heap *h, uintptr_t *state, const void *mem,
		const void *caller);

/*
 * `port` and its copy differ: make both what the check word bears out, and tell
 * that.
 */
void heap_mend(struct heap *h, const void *mem, const void *caller);

/* Is the port to be called?  Else that is told. */
static inline bool heap_may_enter(struct heap *h, uintptr_t *state,
				  const void *mem, const void *caller)
{
	*state = 0;
	if (heap_port_is_sound(h))
		return true;
	heap_mend(h, mem, caller);
	return false;
}

/*
 * heap_enter for operations that take or give memory, so that what interrupts
 * have freed comes first, if the port knows of that.  When they answer false,
 * *state is what malloc answers there.
 */
static inline bool heap_enter_alloc(struct heap *h, uintptr_t *state, size_t n,
				    const void *caller)
{
	const struct heap_pending *pending;

	if (!heap_may_enter(h, state, NULL, caller))
		return false;
	pending = h->port->pending;
	return pending == NULL ? heap_enter(h, state, NULL, caller)
			       : pending->calls->alloc(h, state, n, caller);
}

static inline bool heap_enter_free(struct heap *h, uintptr_t *state,
				   const void *p, const void *caller)
{
	const struct heap_pending *pending;

	if (!heap_may_enter(h, state, p, caller))
		return false;
	pending = h->port->pending;
	return pending == NULL ? heap_enter(h, state, p, caller)
			       : pending->calls->free(h, state, p, caller);
}

static inline bool heap_enter_work(struct heap *h, uintptr_t *state,
				   const void *p, const void *caller)
{
	const struct heap_pending *pending;

	if (!heap_may_enter(h, state, p, caller))
		return false;
	pending = h->port->pending;
	return pending == NULL ? heap_enter(h, state, p, caller)
			       : pending->calls->work(h, state, p, caller);
}

/*
 * A request was refused: true when something has been freed since, or told, so
 * that it is worth to try again.  Lets go of the lock in between.
 */
bool heap_again(struct heap *h, uintptr_t *state, const void *caller);

/* In fault.c: tell the port, without the lock: no more than is known. */
void heap_tell(struct heap *h, const struct damage *damage, const void *mem,
	       const void *caller);

/* End it: releases the lock.  HEAP_CHECK 3: proves the whole heap first. */
void heap_leave(struct heap *h, uintptr_t state, const void *caller);

/*
 * End an operation that failed: count it, or, when bins.damage is filled, tell
 * the port after the lock is released.  Returns NULL.
 */
void *heap_fail(struct heap *h, uintptr_t state, const void *mem,
		const void *caller);

#endif
