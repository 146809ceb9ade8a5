/* SPDX-License-Identifier: MIT */
/*
 * L4: the debug profile: the two words of struct heap that lead to code are
 * there twice, and a check word tells which ones to believe.
 */
#include "state.h"

#if HEAP_CHECK >= 3

static uintptr_t check_of(const struct debug *d)
{
	return ~(uintptr_t)d->port * 3 + (uintptr_t)d->layer;
}

void heap_debug_trust(struct heap *h)
{
	struct debug *d = &h->debug;

	d->port = h->port;
	d->layer = h->layer;
	d->check = check_of(d);
}

static bool agrees(const struct heap *h)
{
	const struct debug *d = &h->debug;

	return h->port == d->port && heap_layer(h) == d->layer &&
	       d->check == check_of(d);
}

bool heap_debug_trusts(struct heap *h, const void *mem, const void *caller)
{
	const struct damage damage = {
		.kind = HEAP_FAULT_INVARIANT,
		.invariant = HEAP_I8,
	};
	struct debug *d = &h->debug;
	uintptr_t state;
	bool sound;

	if (d->port == NULL || agrees(h))
		return true;
	sound = h->port == d->port;
	/* The port first: another thread may be changing the layer. */
	if (d->check == check_of(d))
		h->port = d->port;
	state = heap_lock(h);
	sound = sound && agrees(h);
	if (d->check == check_of(d))
		h->layer = d->layer;
	else
		heap_debug_trust(h);
	heap_unlock(h, state);
	if (sound)
		return true;
	heap_tell(h, &damage, mem, caller);
	return false;
}

#endif
