/* SPDX-License-Identifier: MIT */
/*
 * L3: take a chunk, give a chunk back; the lock is held.  hot.h does the work
 * while all is well, here is what else may be: growth, tiny chunks, refusal,
 * and what is wrong when something is.
 */
#include "enter.h"
#include "hot.h"

/* ---- is it ours ------------------------------------------------------- */

/* Why mem cannot be a block: cold, so it may look closer. */
static WORD_COLD struct chunk *reject(struct heap *h, const void *mem)
{
	struct bins *b = &h->bins;
	struct chunk *c = mem_to_chunk(mem);
	struct chunk *aligned =
		mem_to_chunk((void *)align_down((uintptr_t)mem, HEAP_ALIGN));

	if (!bins_may_end(b, aligned))
		heap_bins_blame(b, HEAP_FAULT_FOREIGN, HEAP_OK, NULL);
	else if (aligned != c)
		heap_bins_blame(b, HEAP_FAULT_MISALIGNED, HEAP_OK, NULL);
	else if (!chunk_is_used(c) || chunk_head_size(c) == 0)
		heap_bins_blame(b, HEAP_FAULT_NOT_USED, HEAP_OK, c);
	else if (!chunk_is_sealed(c, b->key) ||
		 !bins_may_end(b, chunk_next_used(c)))
		heap_bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, c);
	else
		heap_bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I4,
				chunk_next(c));
	return NULL;
}

/* hot_looks_used, and what hot_give looks at besides. */
static bool is_used(const struct bins *b, const struct chunk *c)
{
	const struct chunk *next;

	if (!hot_looks_used(b, c, bins_hull(b)) || chunk_head_size(c) == 0)
		return false;
	next = chunk_next_used(c);
	return !chunk_is_used(next) || chunk_is_sealed(next, b->key) ||
	       chunk_is_fence(next);
}

struct chunk *heap_inspect(struct heap *h, const void *mem)
{
	struct chunk *c = mem_to_chunk(mem);

	if (HEAP_CHECK != 0 && !is_used(&h->bins, c))
		return reject(h, mem);
	return c;
}

/* ---- take ------------------------------------------------------------- */

static struct chunk *take_tiny(struct heap *h)
{
	struct bins *b = &h->bins;
	struct chunk *c = tiny_fwd(b->tiny);

	if (!heap_tiny_unlink(b, c) && HEAP_CHECK != 0) {
		heap_bins_is_sound(b, c);
		heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
		return NULL;
	}
	/* [free][used]  =>  [used][used] */
	chunk_flip_prev_used(chunk_above(c, CHUNK_MIN));
	chunk_set_used(c, CHUNK_MIN | FENCE, b->key);
	heap_account(h, CHUNK_MIN);
	return c;
}

/* What keeps a bin from serving: note it. */
static WORD_COLD void blame_bin(struct bins *b, const struct chunk *c)
{
	if (heap_bins_is_sound(b, c))
		heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, NULL);
}

/*
 * The port gives no more.  Look further into the bin whose first HEAP_SEARCH
 * chunks were too small, and bring one that serves `size` bytes to its front.
 */
static bool bring_forward(struct heap *h, size_t size)
{
	struct bins *b = &h->bins;
	struct chunk *head, *c, *back;
	unsigned bin;

	if (bin_is_exact(size))
		return false;
	bin = bin_of_range(size);
	head = bins_dressed(b, bin);
	back = head;
	c = head->fwd;
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		return false;
	for (unsigned n = HEAP_LAST_RESORT; n != 0 && c != NULL; n--) {
		if (HEAP_CHECK != 0 &&
		    !(bins_may_hold(b, c) && c->back == back))
			return heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
		if (chunk_plain_size(c) >= size) {
			/* Or it would never be found at the front either. */
			if (HEAP_CHECK != 0 && (b->map >> bin & 1) == 0)
				return heap_bins_blame(b, HEAP_FAULT_LINK,
						       HEAP_I7, c);
			heap_bins_remove(b, c);
			bins_link_between(head, c, head->fwd);
			return true;
		}
		back = c;
		c = c->fwd;
	}
	return false;
}

/* No bin has any, and the top has not room enough, or is damaged. */
static WORD_HOT struct chunk *take_fresh(struct heap *h, size_t size)
{
	if (!heap_grow(h, size))
		return bring_forward(h, size) ? heap_take(h, size) : NULL;
	return hot_cut_top(h, size);
}

/* What hot_take could not do, with what it found. */
static WORD_COLD struct chunk *take_slow(struct heap *h, size_t size,
					 const struct chunk *back)
{
	struct bins *b = &h->bins;

	if (back == NULL)
		return take_fresh(h, size);
	if (HEAP_CHECK == 0 || back == bins_dressed(b, 1))
		return take_tiny(h);
	blame_bin(b, back->fwd);
	return NULL;
}

struct chunk *heap_take(struct heap *h, size_t size)
{
	struct chunk *back, *c = hot_take(h, size, &back);

	return c != NULL ? c : take_slow(h, size, back);
}

WORD_COLD void *heap_alloc_rest(struct heap *h, size_t size,
				const struct chunk *at, const void *caller)
{
	struct chunk *c;

	h->bins.damage.kind = HEAP_FAULT_NONE;
	c = at == NULL ? take_fresh(h, size) : take_slow(h, size, at);
	if (c != NULL)
		return chunk_to_mem(c);
	heap_fail(h, 0, NULL, caller);
	return heap_refuse(h);
}

/* ---- give ------------------------------------------------------------- */

WORD_COLD void heap_put_back(struct heap *h, struct chunk *c,
			     struct chunk *next, struct chunk *start)
{
	struct bins *b = &h->bins;
	size_t size = chunk_span(c, next);

	if (chunk_is_used(next))
		chunk_flip_prev_used(next);
	else
		heap_bins_restore(b, next);
	heap_account(h, size);
	if (start == c)
		return;
	heap_bins_restore(b, start);
	chunk_set_used(c, size | CHUNK_USED, b->key);
}

bool heap_give_last(struct heap *h, struct chunk *c)
{
	struct bins *b = &h->bins;
	struct chunk *start = c, *fence = chunk_next_used(c);
	size_t size = chunk_span(c, fence);

	if (HEAP_CHECK != 0 && size == 0)
		return false;
	if (!chunk_is_prev_used(c)) {
		start = hot_detach_below(b, bins_hull(b), c);
		if (HEAP_CHECK != 0 && start == NULL)
			return false;
		chunk_forget(c);
	}
	if (fence == h->top) {
		/* [ c ][top . .]  =>  [top . . . .] */
		heap_set_top(h, start);
	} else {
		chunk_flip_prev_used(fence);
		if (!heap_bins_insert(b, start, chunk_span(start, fence)) &&
		    HEAP_CHECK != 0) {
			heap_discount(h, size);
			heap_put_back(h, c, fence, start);
			return false;
		}
	}
	heap_discount(h, size);
	return true;
}

/* What has been found wrong at or around c: cold, so it may look closer. */
static WORD_COLD bool refused(struct heap *h, const struct chunk *c)
{
	struct bins *b = &h->bins;
	const struct chunk *next;

	if (!is_used(b, c)) {
		reject(h, chunk_to_mem(c));
		return false;
	}
	next = chunk_next_used(c);
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
	return heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, NULL);
}

bool heap_give(struct heap *h, struct chunk *c)
{
	return hot_give(h, c, h->bins.units) || HEAP_CHECK == 0 ||
	       refused(h, c);
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
	if (heap_give(h, tail))
		return true;
	tail->head = payload;
	c->head = head;
	return false;
}
