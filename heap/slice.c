/* SPDX-License-Identifier: MIT */
/*
 * L4: the debug profile: the heap is checked a slice at a time, at the end of
 * operations, by a tour that goes on where it stopped.
 */
#include "state.h"

#if HEAP_CHECK >= 3

/* Bytes of fill that a slice looks at in a chunk. */
#define LOOK 256

static void start_anew(struct heap *h)
{
	h->debug.at = h->base;
	h->debug.base = h->base;
	h->debug.fence = NULL;
	h->debug.older = 0;
	h->debug.segments = h->older;
}

/* The end of a segment: go on with the next older one, or from the start. */
static enum heap_invariant turn(struct heap *h, const struct chunk *fence)
{
	struct debug *d = &h->debug;
	struct span s = {(struct chunk *)(uintptr_t)d->base,
			 (struct chunk *)(uintptr_t)fence};
	size_t i = d->older;

	if (!chunk_is_fence(fence))
		return HEAP_I9;
	d->at = NULL;
	if (!heap_older_segment(h, &s, &i))
		return i == h->older ? HEAP_OK : HEAP_I8;
	d->at = s.base;
	d->base = s.base;
	d->fence = s.fence;
	d->older = i;
	return HEAP_OK;
}

/* Does the list that c is in lead to it? */
static bool is_linked(struct heap *h, const struct chunk *c)
{
	bool sound = heap_bins_is_sound(&h->bins, c);

	h->bins.damage.kind = HEAP_FAULT_NONE;
	return sound;
}

/* One chunk, and that the next one knows it. */
static enum heap_invariant look(struct heap *h, const struct chunk *c,
				const struct chunk *fence)
{
	enum heap_invariant broken = heap_check_chunk(h, c, fence);
	const struct chunk *next;

	if (broken != HEAP_OK)
		return broken;
	next = chunk_next(c);
	if (chunk_is_prev_used(next) != chunk_is_used(c))
		return HEAP_I4;
	if (!chunk_is_used(c) && (!chunk_is_used(next) || next == h->top))
		return HEAP_I3;
	if (!chunk_is_used(c) && !is_linked(h, c))
		return HEAP_I6;
	return heap_debug_is_intact(h, c, LOOK) ? HEAP_OK : HEAP_I10;
}

/* The tour's own words may be damaged, too. */
static bool is_on_its_way(const struct heap *h, const struct chunk *fence)
{
	const struct debug *d = &h->debug;

	return bins_may_hold(&h->bins, d->base) &&
	       bins_may_end(&h->bins, fence) && bins_may_end(&h->bins, d->at) &&
	       d->at >= d->base && d->at <= fence;
}

static enum heap_invariant slice(struct heap *h, const struct chunk **bad)
{
	struct debug *d = &h->debug;
	enum heap_invariant broken = heap_check_control(h, bad);

	if (broken != HEAP_OK)
		return broken;
	/* Segments are counted from the current one: has it changed? */
	if (d->at == NULL || d->segments != h->older)
		start_anew(h);
	for (unsigned n = HEAP_SLICE; n != 0 && d->at != NULL; n--) {
		const struct chunk *fence =
			d->fence != NULL ? d->fence : h->top;

		*bad = d->at;
		if (!is_on_its_way(h, fence)) {
			d->at = NULL;
			break;
		}
		broken =
			d->at == fence ? turn(h, fence) : look(h, d->at, fence);
		if (broken != HEAP_OK)
			return broken;
		if (*bad != fence)
			d->at = chunk_next(d->at);
	}
	return HEAP_OK;
}

enum heap_invariant heap_slice_check(struct heap *h, const struct chunk **bad)
{
	const size_t prove = HEAP_PROVE, every = HEAP_SLICE_EVERY;
	const unsigned most = HEAP_SLICE;
	struct debug *d = &h->debug;
	enum heap_invariant broken;

	if (prove != 0 && ++d->unproved >= prove) {
		d->unproved = 0;
		return heap_check_held(h, bad);
	}
	if (h->top == NULL || most == 0 || ++d->waited < every)
		return HEAP_OK;
	d->waited = 0;
	broken = slice(h, bad);
	if (broken == HEAP_OK)
		return HEAP_OK;
	/* Also the tour may have been led astray: the whole heap decides. */
	d->at = NULL;
	return heap_check_held(h, bad);
}

void heap_slice_merged(struct heap *h, const void *start, const void *end)
{
	struct debug *d = &h->debug;

	if ((uintptr_t)d->at > (uintptr_t)start &&
	    (uintptr_t)d->at < (uintptr_t)end)
		d->at = start;
}

#endif
