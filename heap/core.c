/* SPDX-License-Identifier: MIT */
/*
 * L3: take a chunk, give a chunk back.  The lock is held.
 *
 * Every function looks first and writes then, so that damage is found while
 * nothing has been overwritten.
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
		bins_blame(b, HEAP_FAULT_FOREIGN, HEAP_OK, NULL);
	else if (aligned != c)
		bins_blame(b, HEAP_FAULT_MISALIGNED, HEAP_OK, NULL);
	else if (!chunk_is_used(c) || chunk_head_size(c) == 0)
		bins_blame(b, HEAP_FAULT_NOT_USED, HEAP_OK, c);
	else if (!chunk_is_sealed(c, b->key) ||
	         !bins_may_hold(b, chunk_next(c)))
		bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, c);
	else
		bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I4, chunk_next(c));
	return NULL;
}

struct chunk *heap_inspect(struct heap *h, const void *mem)
{
	struct bins *b = &h->bins;
	struct chunk *c = mem_to_chunk(mem), *next;

	if (HEAP_CHECK == 0)
		return c;
	if (!bins_may_hold(b, c) || !chunk_is_used(c) ||
	    !chunk_is_sealed(c, b->key))
		return reject(h, mem);
	next = chunk_above(c, chunk_head_size(c));
	if (next == c || !bins_may_hold(b, next) || !chunk_is_prev_used(next))
		return reject(h, mem);
	if (chunk_is_used(next) && !chunk_is_sealed(next, b->key))
		return reject(h, mem);
	return c;
}

/* The free chunk below c, as its foot says. */
static struct chunk *prev_of(const struct chunk *c)
{
	return chunk_below(c, chunk_foot_size(chunk_prev_foot(c)));
}

/* Do prev, a sound free chunk, and its neighbour c agree? */
static bool prev_is_sound(struct heap *h, const struct chunk *prev,
                          const struct chunk *c)
{
	if (!bins_is_sound(&h->bins, prev))
		return false;
	return chunk_above(prev, chunk_free_size(prev)) == c ||
	       bins_blame(&h->bins, HEAP_FAULT_NEIGHBOUR, HEAP_I5, prev);
}

/* ---- take ------------------------------------------------------------- */

/* [top . . . . .]  =>  [ used ][top . .] */
static struct chunk *take_top(struct heap *h, size_t size)
{
	if (heap_room(h) < size && !heap_grow(h, size))
		return NULL;

	struct chunk *c = h->top;

	heap_set_top(h, chunk_above(c, size));
	chunk_set_head(c, size | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	return c;
}

struct chunk *heap_take(struct heap *h, size_t size)
{
	struct bins *b = &h->bins;
	struct chunk *c = bins_find(b, size);

	if (c == NULL)
		return take_top(h, size);
	if (HEAP_CHECK != 0 && !bins_is_sound(b, c))
		return NULL;

	size_t have = chunk_free_size(c), rest = have - size;

	if (HEAP_CHECK != 0 && have < size) {
		bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
		return NULL;
	}
	if (HEAP_CHECK != 0 && rest != 0 && !bins_accept(b, rest))
		return NULL;

	bins_remove(b, c);
	/* [   free   ]  =>  [ used ][ free ] */
	if (rest != 0)
		bins_insert(b, chunk_above(c, size), rest);
	/* [free][used]  =>  [used][used] */
	else
		chunk_flip_prev_used(chunk_above(c, size));
	chunk_set_head(c, size | CHUNK_USED | CHUNK_PREV_USED, b->key);
	return c;
}

/* ---- give ------------------------------------------------------------- */

bool heap_give(struct heap *h, struct chunk *c)
{
	struct bins *b = &h->bins;
	size_t size = chunk_head_size(c);
	struct chunk *next = chunk_above(c, size), *prev = NULL;
	bool next_free = !chunk_is_used(next);

	if (!chunk_is_prev_used(c)) {
		prev = prev_of(c);
		if (HEAP_CHECK != 0 && !prev_is_sound(h, prev, c))
			return false;
		size += chunk_span(prev, c);
	}
	if (next_free) {
		if (HEAP_CHECK != 0 && !bins_is_sound(b, next))
			return false;
		size += chunk_free_size(next);
	}
	if (HEAP_CHECK != 0 && next != h->top && !bins_accept(b, size))
		return false;

	/* [free p][ c ]  =>  [ p . . . ] */
	if (prev != NULL) {
		bins_remove(b, prev);
		chunk_forget(c);
		c = prev;
	}
	/* [ c ][top . .]  =>  [top . . . .] */
	if (next == h->top) {
		heap_set_top(h, c);
		return true;
	}
	/* [ c ][free n]  =>  [ c . . . ] */
	if (next_free)
		bins_remove(b, next);
	else
		chunk_flip_prev_used(next);
	bins_insert(b, c, size);
	return true;
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

	chunk_set_head(tail, rest | CHUNK_USED | CHUNK_PREV_USED, key);
	chunk_set_head(c, size | flags, key);
	if (heap_give(h, tail))
		return true;
	tail->head = payload;
	c->head = head;
	return false;
}
