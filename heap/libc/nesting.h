/* SPDX-License-Identifier: MIT */
/*
 * A lock that nests, over the port's, which need not: what libc's own locks
 * promise to those who take them.
 */
#ifndef HEAP_LIBC_NESTING_H
#define HEAP_LIBC_NESTING_H

#include "heap_port.h"

/* Constant-initialise with zeros; one for all users of the port's lock. */
struct nesting {
	bool held;
	unsigned depth;
	uintptr_t thread; /* the holder; valid while held */
	uintptr_t state;  /* what the port's lock returned */
};

static inline uintptr_t nesting_thread(void)
{
	const struct heap_port *port = &heap_port_default;

	return port->thread != NULL ? port->thread(port->ctx) : 0;
}

/* Does another thread have it? */
static inline bool nesting_is_taken(const volatile struct nesting *lock)
{
	return lock->held && lock->thread != nesting_thread();
}

/* Take it, once more if it is the caller's already. */
static inline void nesting_acquire(volatile struct nesting *lock)
{
	const struct heap_port *port = &heap_port_default;
	uintptr_t thread = nesting_thread();

	/* Only the holder itself can find its own id while `held` is set. */
	if (!lock->held || lock->thread != thread) {
		uintptr_t state = port->lock ? port->lock(port->ctx) : 0;

		lock->state = state;
		lock->thread = thread;
		lock->held = true;
	}
	lock->depth++;
}

/* Undo one nesting_acquire; one too many does nothing. */
static inline void nesting_release(volatile struct nesting *lock)
{
	const struct heap_port *port = &heap_port_default;

	if (lock->depth == 0 || --lock->depth != 0)
		return;

	/* Another thread's state may be there as soon as it is unlocked. */
	uintptr_t state = lock->state;

	lock->held = false;
	if (port->unlock != NULL)
		port->unlock(port->ctx, state);
}

#endif
