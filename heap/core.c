/* SPDX-License-Identifier: MIT */
/*
 * L3: take a chunk, give a chunk back.
 *
 * heap_alloc_from and heap_free_from are the public ones: where no lock is
 * needed they do all the work, at the price of one compare.  Where one is,
 * api.c takes it and calls them again with h in the place of `caller`.
 *
 * Every function looks first and writes then, or puts back what it has done,
 * so that nothing has changed when damage is told.
 */
#include "state.h"

/* ---- is it ours ------------------------------------------------------- */

/* Why mem cannot be a block: cold, so it may look closer. */
static WORD_COLD struct chunk *reject(struct heap *h, const void *mem)
{
	struct bins *b = &h->bins;
	struct chunk *c = mem_to_chunk(mem);
	struct chunk *aligned =
		mem_to_chunk((void *)align_down((uintptr_t)mem, HEAP_ALIGN));

	if (!bins_may_hold(b, aligned))
		heap_bins_blame(b, HEAP_FAULT_FOREIGN, HEAP_OK, NULL);
	else if (aligned != c)
		heap_bins_blame(b, HEAP_FAULT_MISALIGNED, HEAP_OK, NULL);
	else if (!chunk_is_used(c) || chunk_head_size(c) == 0)
		heap_bins_blame(b, HEAP_FAULT_NOT_USED, HEAP_OK, c);
	else if (!chunk_is_sealed(c, b->key) ||
		 !bins_may_hold(b, chunk_next(c)))
		heap_bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, c);
	else
		heap_bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				chunk_next(c));
	return NULL;
}

/* ---- take ------------------------------------------------------------- */

/* No chunk: told here, unless the caller holds the lock and will see to it. */
static WORD_COLD void *refused(struct heap *h, const void *caller)
{
	if (caller == h)
		return NULL;
	heap_fail(h, 0, NULL, caller);
	return heap_refuse(h);
}

static WORD_COLD void *refused_top(struct heap *h, const void *caller)
{
	heap_bins_blame(&h->bins, HEAP_FAULT_HEADER, HEAP_I9, h->top);
	return refused(h, caller);
}

/* [top . . . . .]  =>  [ used ][top . .] */
static WORD_HOT void *take_top(struct heap *h, size_t size, const void *caller)
{
	struct chunk *c = h->top;

	if (HEAP_CHECK != 0 && !heap_top_is_sound(h, chunk_above(c, size)))
		return refused_top(h, caller);
	heap_set_top(h, chunk_above(c, size));
	chunk_set_used(c, size | FENCE, h->bins.key);
	heap_account(h, size);
	return chunk_to_mem(c);
}

/*
 * The port gives no more.  Look further into the bin whose first HEAP_SEARCH
 * chunks were too small, and bring one that serves `size` bytes to its front.
 */
static bool bring_forward(struct heap *h, size_t size)
{
	struct bins *b = &h->bins;
	struct chunk *head, *c, *back;

	if (bin_is_exact(size))
		return false;
	head = bins_dressed(b, bin_of_range(size));
	back = head;
	c = head->fwd;
	for (unsigned n = HEAP_LAST_RESORT; n != 0 && c != NULL; n--) {
		if (HEAP_CHECK != 0 && !bins_back_agrees(b, c, back))
			return heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
		if (chunk_plain_size(c) >= size) {
			heap_bins_remove(b, c);
			bins_link_between(head, c, head->fwd);
			return true;
		}
		back = c;
		c = c->fwd;
	}
	return false;
}

static WORD_COLD void *take_fresh(struct heap *h, size_t size,
				  const void *caller)
{
	if (HEAP_CHECK != 0 && h->top != NULL &&
	    !heap_top_is_sound(h, h->limit))
		return refused_top(h, caller);
	if (heap_grow(h, size))
		return take_top(h, size, caller);
	if (bring_forward(h, size))
		return heap_alloc_from(h, size - WORD_SIZE, caller);
	return refused(h, caller);
}

static WORD_COLD void *take_tiny(struct heap *h, const void *caller)
{
	struct bins *b = &h->bins;
	struct chunk *c = tiny_fwd(b->tiny);

	if (HEAP_CHECK != 0 && !heap_bins_is_sound(b, c))
		return refused(h, caller);
	tiny_remove(b, c);
	/* [free][used]  =>  [used][used] */
	chunk_flip_prev_used(chunk_above(c, CHUNK_MIN));
	chunk_set_used(c, CHUNK_MIN | FENCE, b->key);
	heap_account(h, CHUNK_MIN);
	return chunk_to_mem(c);
}

/* What has been found wrong with c: cold, so it may look closer. */
static WORD_COLD void *refused_at(struct heap *h, const struct chunk *c,
				  const void *caller)
{
	if (heap_bins_is_sound(&h->bins, c))
		heap_bins_blame(&h->bins, HEAP_FAULT_LINK, HEAP_I6, NULL);
	return refused(h, caller);
}

/* Chunk c was to be split, but the bin of its rest is damaged. */
static WORD_COLD void *put_back(struct heap *h, struct chunk *c, size_t size,
				const void *caller)
{
	chunk_set_free(c, size);
	heap_bins_restore(&h->bins, c);
	heap_bins_blame(&h->bins, HEAP_FAULT_LINK, HEAP_I6, NULL);
	return refused(h, caller);
}

void *heap_alloc_from(struct heap *h, size_t n, const void *caller)
{
	struct bins *b = &h->bins;
	struct chunk *c, *fwd, *back;
	size_t size = chunk_round(n), rest;

	if (n >= h->bins.fast && caller != h)
		return heap_alloc_locked(h, n, caller);
	switch (bins_find(b, size, &back)) {
	case BINS_NONE:
		return heap_room(h) >= size ? take_top(h, size, caller)
					    : take_fresh(h, size, caller);
	case BINS_TINY:
		return take_tiny(h, caller);
	case BINS_CHUNK:
		break;
	}

	c = back->fwd;
	if (HEAP_CHECK != 0 &&
	    (!bins_back_agrees(b, c, back) || !bins_foot_agrees(b, c)))
		return refused_at(h, c, caller);
	rest = chunk_plain_size(c) - size;
	if (HEAP_CHECK != 0 && rest >= HEAP_CHUNK_MAX)
		return refused_at(h, c, caller);

	fwd = c->fwd;
	back->fwd = fwd;
	if (fwd != NULL)
		fwd->back = back;
	else
		bins_emptied(b, back);
	chunk_set_used(c, size | FENCE, b->key);
	/* [   free   ]  =>  [ used ][ free ] */
	if (rest != 0) {
		if (!bins_insert(b, chunk_above(c, size), rest))
			return put_back(h, c, size + rest, caller);
		/* [free][used]  =>  [used][used] */
	} else {
		chunk_flip_prev_used(chunk_above(c, size));
	}
	heap_account(h, size);
	return chunk_to_mem(c);
}

/* ---- give ------------------------------------------------------------- */

/* Is prev, not tiny, the sound free chunk that its foot announces? */
static WORD_HOT bool prev_agrees(const struct bins *b, const struct chunk *prev,
				 size_t foot)
{
	return bins_may_read(b, prev) && chunk_is_free_of(prev, foot) &&
	       bins_links_agree(b, prev);
}

static WORD_HOT bool tiny_is_sound(const struct bins *b, const struct chunk *c)
{
	return (c->head & (CHUNK_FLAGS | CHUNK_LINK)) ==
		       (CHUNK_PREV_USED | CHUNK_LINK) &&
	       heap_tiny_links_agree(b, c);
}

/* What has been found wrong around c: cold, so it may look closer. */
static WORD_COLD void refused_near(struct heap *h, const struct chunk *c,
				   const struct chunk *next, const void *caller)
{
	struct bins *b = &h->bins;

	if (!chunk_is_prev_used(c)) {
		size_t size = chunk_foot_size(chunk_prev_foot(c));
		const struct chunk *prev = chunk_below(c, size);

		if (!bins_may_hold(b, prev) || chunk_is_used(prev) ||
		    chunk_free_size(prev) != size)
			heap_bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I5, prev);
		else
			heap_bins_is_sound(b, prev);
	}
	if (!chunk_is_used(next))
		heap_bins_is_sound(b, next);
	heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, NULL);
	if (caller != h)
		heap_fail(h, 0, chunk_to_mem(c), caller);
}

/*
 * Is c a used chunk, as far as its header and the next one tell?  The size is
 * not relied on before the seal has been looked at.
 */
static WORD_HOT bool looks_used(const struct bins *b, const struct chunk *c)
{
	const struct chunk *next;

	if (!bins_may_hold(b, c) || !chunk_is_used(c) ||
	    !chunk_is_sealed(c, b->key))
		return false;
	next = chunk_above(c, chunk_head_size(c));
	return next != c && bins_may_read(b, next) &&
	       chunk_is_prev_used(next) &&
	       (!chunk_is_used(next) || chunk_is_sealed(next, b->key) ||
		chunk_is_fence(next));
}

struct chunk *heap_inspect(struct heap *h, const void *mem)
{
	struct chunk *c = mem_to_chunk(mem);

	if (HEAP_CHECK != 0 && !looks_used(&h->bins, c))
		return reject(h, mem);
	return c;
}

/*
 * Take the free chunk below c, whose foot is `foot`, out of its bin.  NULL, and
 * nothing done, when it is not sound.
 */
static WORD_HOT struct chunk *detach_below(struct bins *b,
					   const struct chunk *c, size_t foot)
{
	struct chunk *prev = chunk_below(c, chunk_foot_size(foot));

	if ((foot & CHUNK_TAG) != 0) {
		if (HEAP_CHECK != 0 && !tiny_is_sound(b, prev))
			return NULL;
		tiny_remove(b, prev);
	} else {
		if (HEAP_CHECK != 0 && !prev_agrees(b, prev, foot))
			return NULL;
		bins_unlink(b, prev);
	}
	return prev;
}

/* Likewise free chunk `next`: its bytes, or 0. */
static WORD_HOT size_t detach_above(struct bins *b, struct chunk *next)
{
	if (chunk_is_tiny(next)) {
		if (HEAP_CHECK != 0 && !tiny_is_sound(b, next))
			return 0;
		tiny_remove(b, next);
		return CHUNK_MIN;
	}
	if (HEAP_CHECK != 0 &&
	    (!bins_foot_agrees(b, next) || !bins_links_agree(b, next)))
		return 0;
	bins_unlink(b, next);
	return chunk_plain_size(next);
}

/*
 * Something stands in the way of freeing c.  What had already been taken out
 * of a bin goes back to its place: `start` if that is not c, and the chunk
 * behind c if `above` is not 0.
 */
static WORD_COLD void undo(struct heap *h, struct chunk *c, struct chunk *start,
			   size_t above, const void *caller)
{
	struct chunk *next = chunk_above(c, chunk_head_size(c));

	if (above != 0)
		heap_bins_restore(&h->bins, next);
	if (start != c)
		heap_bins_restore(&h->bins, start);
	refused_near(h, c, next, caller);
}

/* Free used chunk c: coalesce it, and put what comes of it into its bin. */
static WORD_HOT void give(struct heap *h, struct chunk *c, const void *caller)
{
	struct bins *b = &h->bins;
	struct chunk *start = c, *next = chunk_above(c, chunk_head_size(c));
	size_t head = next->head, size = chunk_head_size(c), above = 0, own;

	/* [free p][ c ]  =>  [ p . . . ] */
	if (!chunk_is_prev_used(c)) {
		start = detach_below(b, c, chunk_prev_foot(c));
		if (HEAP_CHECK != 0 && start == NULL) {
			undo(h, c, c, 0, caller);
			return;
		}
	}
	if ((head & CHUNK_USED) == 0) {
		/* [ c ][free n]  =>  [ c . . . ] */
		above = detach_above(b, next);
		if (HEAP_CHECK != 0 && above == 0) {
			undo(h, c, start, 0, caller);
			return;
		}
	} else if (head == FENCE && next == h->top) {
		/* [ c ][top . .]  =>  [top . . . .] */
		heap_discount(h, size);
		chunk_forget(c);
		heap_set_top(h, start);
		return;
	}
	if ((head & CHUNK_USED) != 0)
		chunk_flip_prev_used(next);
	heap_discount(h, size);
	own = c->head;
	chunk_forget(c);
	if (!bins_insert(b, start, chunk_span(start, next) + above)) {
		c->head = own;
		heap_account(h, size);
		if (above == 0)
			chunk_flip_prev_used(next);
		undo(h, c, start, above, caller);
	}
}

void heap_free_from(struct heap *h, void *p, const void *caller)
{
	struct chunk *c = mem_to_chunk(p);

	if ((h->bins.fast == 0 && caller != h) ||
	    (HEAP_CHECK == 0 ? p == NULL : !looks_used(&h->bins, c)))
		heap_free_locked(h, p, caller);
	else
		give(h, c, caller);
}

bool heap_cut(struct heap *h, struct chunk *c, size_t size)
{
	size_t key = h->bins.key, head = c->head;
	size_t flags = head & CHUNK_FLAGS, rest = chunk_head_size(c) - size;
	struct chunk *tail = chunk_above(c, size);

	if (rest == 0)
		return true;

	/* [     used     ]  =>  [ used ][ tail ], and free the tail */
	size_t payload = tail->head;

	chunk_set_used(tail, rest | CHUNK_USED | CHUNK_PREV_USED, key);
	chunk_set_used(c, size | flags, key);
	heap_free_from(h, chunk_to_mem(tail), h);
	if (h->bins.damage.kind == HEAP_FAULT_NONE)
		return true;
	tail->head = payload;
	c->head = head;
	return false;
}
