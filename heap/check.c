/* SPDX-License-Identifier: MIT */
/*
 * L4: the integrity check.  It trusts nothing that it reads: every pointer is
 * held against the segments before it is followed, and every loop is bounded
 * by the bytes of a segment or by chunks already counted.
 */
#include "enter.h"

/* What the tour has counted, and the culprit if it met one. */
struct tour {
	const struct heap *h;
	size_t used;        /* bytes  */
	size_t free;        /* bytes  */
	size_t free_chunks; /* number */
	const struct chunk *bad;
};

static enum heap_invariant at(struct tour *t, const struct chunk *c,
			      enum heap_invariant broken)
{
	t->bad = c;
	return broken;
}

enum heap_invariant heap_check_chunk(const struct heap *h,
				     const struct chunk *c,
				     const struct chunk *fence)
{
	size_t size = chunk_size(c), foot;
	bool used = chunk_is_used(c);

	if (size < CHUNK_MIN ||
	    (HEAP_CHECK != 0 && used && !chunk_is_sealed(c, h->bins.key)))
		return HEAP_I1;
	if (size > chunk_span(c, fence))
		return HEAP_I2;
	if (used)
		return HEAP_OK;
	foot = chunk_prev_foot(chunk_above(c, size));
	if (chunk_is_tiny(c) ? foot % WORD_SIZE != CHUNK_TAG : foot != size)
		return HEAP_I5;
	return HEAP_OK;
}

/* I1 to I5, I9 and I10 of a segment. */
static enum heap_invariant check_segment(struct tour *t, const struct span *s)
{
	const struct chunk *c = s->base;
	enum heap_invariant broken;
	bool prev_used = true;

	while (c != s->fence) {
		broken = heap_check_chunk(t->h, c, s->fence);
		if (broken != HEAP_OK)
			return at(t, c, broken);
		if (!prev_used && !chunk_is_used(c))
			return at(t, c, HEAP_I3);
		if (chunk_is_prev_used(c) != prev_used)
			return at(t, c, HEAP_I4);
		if (HEAP_CHECK >= 3 && !heap_debug_is_intact(t->h, c, SIZE_MAX))
			return at(t, c, HEAP_I10);
		prev_used = chunk_is_used(c);
		if (prev_used) {
			t->used += chunk_size(c);
		} else {
			t->free += chunk_size(c);
			t->free_chunks++;
		}
		c = chunk_next(c);
	}
	if (!chunk_is_fence(c))
		return at(t, c, HEAP_I9);
	if (chunk_is_prev_used(c) != prev_used)
		return at(t, c, HEAP_I4);
	return HEAP_OK;
}

enum heap_invariant heap_check_control(const struct heap *h,
				       const struct chunk **bad)
{
	*bad = NULL;
	if (h->check != heap_slow_check(h))
		return HEAP_I8;
	*bad = h->top;
	if (!bins_may_end(&h->bins, h->top) || h->top < h->base ||
	    h->top > h->limit)
		return HEAP_I9;
	return HEAP_OK;
}

static enum heap_invariant check_segments(struct tour *t)
{
	const struct heap *h = t->h;
	struct span s = {h->base, h->top};
	enum heap_invariant broken = check_segment(t, &s);
	size_t i = 0;

	/* Nothing free lies below the top: it would be part of it. */
	if (broken == HEAP_OK && !chunk_is_prev_used(h->top))
		return at(t, h->top, HEAP_I3);
	while (broken == HEAP_OK && heap_older_segment(h, &s, &i))
		broken = check_segment(t, &s);
	if (broken == HEAP_OK && i != h->older)
		return at(t, s.base, HEAP_I8);
	return broken;
}

/* Does c lie, aligned, below the fence of a segment? */
static bool in_a_segment(const struct heap *h, const struct chunk *c)
{
	struct span s = {h->base, h->top};
	size_t i = 0;

	if (!bins_may_hold(&h->bins, c))
		return false;
	do {
		if (c >= s.base && c < s.fence)
			return true;
	} while (heap_older_segment(h, &s, &i));
	return false;
}

static const struct chunk *back_of(const struct chunk *c)
{
	return chunk_is_tiny(c) ? tiny_back(c) : c->back;
}

/* A bin's head, as the back link of its first chunk has it. */
static const struct chunk *head_of(const struct bins *b, unsigned bin)
{
	if (bin == 1)
		return (const struct chunk *)&b->tiny;
	return chunk_below((const struct chunk *)&b->head[bin - 2], WORD_SIZE);
}

/* I6 of one bin; *seen counts the chunks of all bins. */
static enum heap_invariant check_bin(struct tour *t, unsigned bin, size_t *seen)
{
	const struct bins *b = &t->h->bins;
	const struct chunk *c = heap_bins_first(b, bin),
			   *back = head_of(b, bin);

	if ((c != NULL) != ((b->map >> bin & 1) != 0))
		return at(t, c, HEAP_I7);
	for (; c != NULL; c = heap_bins_fwd(c)) {
		if (!in_a_segment(t->h, c) || chunk_is_used(c) ||
		    bin_of(chunk_size(c)) != bin || back_of(c) != back)
			return at(t, c, HEAP_I6);
		if (++*seen > t->free_chunks)
			return at(t, c, HEAP_I6);
		back = c;
	}
	return HEAP_OK;
}

static enum heap_invariant check_bins(struct tour *t)
{
	size_t map = t->h->bins.map, seen = 0;

	/* Bits without a bin. */
	if ((map & 1) != 0 || map >> (HEAP_BINS - 1) > 1)
		return at(t, NULL, HEAP_I7);
	for (unsigned bin = 1; bin < HEAP_BINS; bin++) {
		enum heap_invariant broken = check_bin(t, bin, &seen);

		if (broken != HEAP_OK)
			return broken;
	}
	return seen == t->free_chunks ? HEAP_OK : at(t, NULL, HEAP_I6);
}

/* I8: what is counted is what is there. */
static enum heap_invariant check_sums(struct tour *t)
{
	const struct heap *h = t->h;

	if (HEAP_STATS != 0 && heap_in_use(h) != t->used)
		return at(t, NULL, HEAP_I8);
	if (t->used + t->free + heap_room(h) > h->taken)
		return at(t, NULL, HEAP_I8);
	return HEAP_OK;
}

enum heap_invariant heap_check_held(const struct heap *h,
				    const struct chunk **bad)
{
	struct tour t = {.h = h};
	enum heap_invariant broken;

	if (h->top == NULL && h->base == NULL) {
		*bad = NULL;
		return h->bins.map != 0 ? HEAP_I7 : HEAP_OK;
	}
	broken = heap_check_control(h, bad);
	if (broken != HEAP_OK)
		return broken;
	broken = check_segments(&t);
	if (broken == HEAP_OK)
		broken = check_bins(&t);
	if (broken == HEAP_OK)
		broken = check_sums(&t);
	*bad = t.bad;
	return broken;
}

enum heap_invariant heap_check(struct heap *h, const void **bad)
{
	const void *caller = __builtin_return_address(0);
	enum heap_invariant broken;
	const struct chunk *at_chunk = NULL;
	uintptr_t state;

	if (!heap_enter(h, &state, NULL, caller))
		return HEAP_OK;
	broken = heap_check_held(h, &at_chunk);
	heap_unlock(h, state);
	if (bad != NULL)
		*bad = at_chunk;
	return broken;
}
