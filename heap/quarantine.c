/* SPDX-License-Identifier: MIT */
/*
 * L4: the debug profile: freed blocks are held back for a while, so that who
 * still writes to one, or frees it again, is found out.
 */
#include "state.h"

#if HEAP_CHECK >= 3

/* The i-th oldest. */
static struct chunk **slot(struct debug *d, unsigned i)
{
	i += d->first;
	return &d->held[i <= HEAP_QUARANTINE ? i : i - HEAP_QUARANTINE - 1];
}

/* Is held block c still as free left it?  Else bins.damage is filled. */
static bool is_untouched(struct heap *h, struct chunk *c)
{
	if (heap_inspect(h, chunk_to_mem(c)) == NULL)
		return false;
	if (!heap_debug_is_held(h, c)) {
		/* A live one if the ring is damaged: then it stays as it is. */
		if (heap_debug_trailer(h, c) == NULL)
			heap_debug_shun(h, c);
		return heap_bins_blame(&h->bins, HEAP_FAULT_GUARD, HEAP_I10, c);
	}
	if (heap_debug_is_intact(h, c, SIZE_MAX))
		return true;
	heap_debug_shun(h, c);
	return heap_bins_blame(&h->bins, HEAP_FAULT_FREED, HEAP_I10, c);
}

/* Bytes of the blocks that are held, as far as they tell. */
static size_t count_bytes(struct heap *h)
{
	struct debug *d = &h->debug;
	size_t bytes = 0;

	for (unsigned i = 0; i < d->count; i++) {
		const struct chunk *c = *slot(d, i);

		if (bins_may_hold(&h->bins, c) &&
		    bins_may_end(&h->bins, chunk_next_used(c)) &&
		    heap_debug_is_held(h, c))
			bytes += chunk_head_size(c);
	}
	return bytes;
}

/*
 * Let go of the oldest block.  False, bins.damage filled, when it or what is
 * around it is damaged: then it is not held any more, but never given out again.
 */
static bool let_go(struct heap *h)
{
	struct debug *d = &h->debug;
	struct chunk *c = *slot(d, 0);

	d->first = d->first < HEAP_QUARANTINE ? d->first + 1 : 0;
	d->count--;
	if (is_untouched(h, c)) {
		d->bytes -= chunk_head_size(c);
		return heap_debug_release(h, c);
	}
	d->bytes = count_bytes(h);
	return false;
}

/* The ring is data, too, and may be damaged. */
static bool ring_is_sound(struct heap *h)
{
	struct debug *d = &h->debug;

	if (d->count <= HEAP_QUARANTINE && d->first <= HEAP_QUARANTINE &&
	    (d->count == 0) == (d->bytes == 0))
		return true;
	d->first = 0;
	d->count = 0;
	d->bytes = 0;
	return heap_bins_blame(&h->bins, HEAP_FAULT_INVARIANT, HEAP_I10, NULL);
}

bool heap_quarantine_put(struct heap *h, struct chunk *c)
{
	const unsigned most = HEAP_QUARANTINE;
	struct debug *d = &h->debug;
	size_t size = chunk_head_size(c);

	if (most == 0 || size > HEAP_QUARANTINE_BYTES || !ring_is_sound(h))
		return false;
	while (d->count == most ||
	       (d->count != 0 && d->bytes + size > HEAP_QUARANTINE_BYTES))
		if (!let_go(h))
			break;
	*slot(d, d->count++) = c;
	d->bytes += size;
	return true;
}

bool heap_quarantine_drain(struct heap *h)
{
	if (!ring_is_sound(h))
		return false;
	while (h->debug.count != 0)
		if (!let_go(h))
			return false;
	return true;
}

#endif
