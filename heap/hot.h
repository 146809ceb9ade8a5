/* SPDX-License-Identifier: MIT */
/*
 * L3: the ways that nearly every call takes: a chunk from a bin or the top, and
 * a chunk given back and coalesced.  Inline, because there are two copies: the
 * one in core.c for every heap and with the lock held, and the one in
 * libc/front.c that malloc and free are made of, for one heap and no lock.
 *
 * Each looks first and writes then, or puts back what it has done.  When it
 * cannot go on, for want of memory or for damage, it has done nothing: core.c
 * looks closer then.
 */
#ifndef HEAP_HOT_H
#define HEAP_HOT_H

#include "state.h"

/*
 * Chunk c, which ends at `next`, stays used: undo what was done around it.
 * `start`, if it is not c, goes back into its bin; `next` does so too, or its
 * flag is turned over.
 */
void heap_put_back(struct heap *h, struct chunk *c, struct chunk *next,
		   struct chunk *start);

/* hot_give where a fence, of the top or not, is behind c. */
bool heap_give_last(struct heap *h, struct chunk *c);

/* [top . . . . .]  =>  [ used ][top . .] */
static WORD_HOT struct chunk *hot_cut_top(struct heap *h, size_t size)
{
	struct chunk *c = h->top;

	heap_set_top(h, chunk_above(c, size));
	chunk_set_used(c, size | FENCE, h->bins.key);
	heap_account(h, size);
	return c;
}

static WORD_HOT struct chunk *hot_take_top(struct heap *h, size_t size)
{
	if (heap_room(h) < size)
		return NULL;
	if (HEAP_CHECK != 0 && !heap_top_is_sound(h, chunk_above(h->top, size)))
		return NULL;
	return hot_cut_top(h, size);
}

/*
 * A used chunk of `size` bytes.  NULL: there is none, it is tiny, or damage;
 * *at is then the one before it in its list, NULL when there is none.
 */
static WORD_HOT struct chunk *hot_take(struct heap *h, size_t size,
				       struct chunk **at)
{
	struct bins *b = &h->bins;
	const struct hull u = bins_hull(b);
	struct chunk *back, *c, *fwd;
	size_t have, rest;
	unsigned bin;

	back = bins_find(b, u, size, &bin);
	*at = back;
	if (back == NULL)
		return hot_take_top(h, size);
	c = back->fwd;
	/* A link to a tiny chunk is not aligned. */
	if (HEAP_CHECK == 0 ? bin == 1 : !hull_may_hold(u, c))
		return NULL;
	have = chunk_plain_size(c);
	fwd = c->fwd;
	if (__builtin_sub_overflow(have, size, &rest) && HEAP_CHECK != 0)
		return NULL;
	if (HEAP_CHECK != 0 &&
	    (c->back != back || !bins_foot_agrees(u, c, have)))
		return NULL;

	if (fwd != NULL) {
		if (HEAP_CHECK != 0 && !bins_fwd_agrees(u, fwd, c))
			return NULL;
		fwd->back = back;
	} else {
		/* Bin 0, which is none, stands for the middle of a list. */
		b->map &= ~((size_t)1 << bin);
	}
	back->fwd = fwd;
	if (rest == 0) {
		/* [free][used]  =>  [used][used] */
		chunk_flip_prev_used(chunk_above(c, size));
	} else if (!bins_insert(b, u, chunk_above(c, size), rest)) {
		heap_bins_restore(b, c);
		return NULL;
	}
	/* [   free   ]  =>  [ used ][ free ] */
	chunk_set_used(c, size | FENCE, b->key);
	heap_account(h, size);
	return c;
}

/*
 * Take the free chunk below c, whose foot is `foot`, out of its bin.  NULL, and
 * nothing done, when it is not sound.
 */
static WORD_HOT struct chunk *hot_detach_below(struct bins *b, struct hull u,
					       struct chunk *c)
{
	size_t foot = chunk_prev_foot(c);
	struct chunk *prev;

	if ((foot & (HEAP_CHECK == 0 ? CHUNK_TAG : HEAP_ALIGN - 1)) != 0) {
		prev = chunk_below(c, CHUNK_MIN);
		return heap_tiny_unlink(b, prev) || HEAP_CHECK == 0 ? prev
								    : NULL;
	}
	prev = chunk_below(c, foot);
	if (HEAP_CHECK != 0 &&
	    (!hull_may_hold(u, prev) || !chunk_is_free_of(prev, foot)))
		return NULL;
	return bins_unlink(b, u, prev) ? prev : NULL;
}

/* Likewise free chunk `next`, of *size bytes; false when it is not sound. */
static WORD_HOT bool hot_detach(struct bins *b, struct hull u,
				struct chunk *next, size_t *size)
{
	if (chunk_is_tiny(next)) {
		*size = CHUNK_MIN;
		return heap_tiny_unlink(b, next) || HEAP_CHECK == 0;
	}
	*size = chunk_plain_size(next);
	/* Size 0: a fence that was written over, behind which nothing is. */
	if (HEAP_CHECK != 0 &&
	    (*size == 0 || !bins_foot_agrees(u, next, *size)))
		return false;
	return bins_unlink(b, u, next);
}

/*
 * Is c a used chunk, as far as its header and the flag of the next one tell?
 * The size is not relied on before the seal has been looked at.  Were c free,
 * the flag of the next chunk would say so.  `units` is bins.units, or bins.open
 * where a lock that is needed must show in the same compare.
 */
static WORD_HOT bool hot_looks_used(const struct bins *b, const struct chunk *c,
				    struct hull u)
{
	const struct chunk *next;

	if (!hull_may_hold(u, c) || !chunk_is_used(c) ||
	    !chunk_is_sealed(c, b->key))
		return false;
	next = chunk_next_used(c);
	return hull_may_end(u, next) && chunk_is_prev_used(next);
}

/*
 * Free chunk c: coalesce it, and put what comes of it into its bin.  False, and
 * nothing done: it is not used, or something around it is damaged.
 */
static WORD_HOT bool hot_give(struct heap *h, struct chunk *c, size_t units)
{
	struct bins *b = &h->bins;
	const struct hull u = {b->lo, units};
	struct chunk *start = c, *next, *end;
	size_t head;

	if (HEAP_CHECK != 0 && !hot_looks_used(b, c, u))
		return false;
	head = c->head;
	next = chunk_next_used(c);
	end = next;
	if (WORD_LIKELY(chunk_is_used(next))) {
		if (next->head == FENCE)
			return heap_give_last(h, c) || HEAP_CHECK == 0;
		if (HEAP_CHECK != 0 && !chunk_is_sealed(next, b->key))
			return false;
		chunk_flip_prev_used(next);
	} else {
		/* [ c ][free n]  =>  [ c . . . ] */
		size_t above;

		if (!hot_detach(b, u, next, &above))
			return false;
		end = chunk_above(next, above);
	}
	heap_discount(h, chunk_span(c, next));
	/* [free p][ c ]  =>  [ p . . . ] */
	if (!WORD_LIKELY((head & CHUNK_PREV_USED) != 0)) {
		start = hot_detach_below(b, u, c);
		if (HEAP_CHECK != 0 && start == NULL) {
			heap_put_back(h, c, next, c);
			return false;
		}
		chunk_forget(c);
	}
	if (!bins_insert(b, u, start, chunk_span(start, end))) {
		heap_put_back(h, c, next, start);
		return false;
	}
	return true;
}

#endif
