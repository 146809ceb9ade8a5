/* SPDX-License-Identifier: MIT */
/*
 * L3: change the size of a block, and carve an aligned one.
 *
 * Growing prefers what costs least: the free chunk or the top behind, then the
 * free chunk before, which moves the payload down, then another place.  The
 * payload is never moved while the lock is held: the space is claimed first.
 */
#include "enter.h"

/* Merge c with the free chunk behind it. */
static void swallow_next(struct heap *h, struct chunk *c, struct chunk *next)
{
	size_t size = chunk_head_size(c) + chunk_free_size(next);

	/* [ c ][free n][used]  =>  [ c . . . ][used] */
	heap_bins_remove(&h->bins, next);
	chunk_forget(next);
	heap_account(h, size - chunk_head_size(c));
	chunk_flip_prev_used(chunk_above(c, size));
	chunk_set_used(c, size | (c->head & CHUNK_FLAGS), h->bins.key);
}

/*
 * Grow c to `size` bytes where it lies, in the end of the segment.  False when
 * there is no room, the heap may then have grown elsewhere, or bins.damage
 * filled.
 */
static bool grow_into_top(struct heap *h, struct chunk *c, size_t size)
{
	size_t more = size - chunk_head_size(c);
	struct chunk *top = h->top;

	if (heap_room(h) < more && (!heap_grow(h, more) || h->top != top))
		return false;
	if (HEAP_CHECK != 0 && !heap_top_is_sound(h, chunk_above(c, size)))
		return heap_bins_blame(&h->bins, HEAP_FAULT_HEADER, HEAP_I9,
				       top);
	/* [ c ][top . . .]  =>  [ c . . ][top .] */
	heap_account(h, size - chunk_head_size(c));
	heap_set_top(h, chunk_above(c, size));
	chunk_set_used(c, size | (c->head & CHUNK_FLAGS), h->bins.key);
	return true;
}

/* Grow c forward to `size` bytes.  False: no room, or bins.damage filled. */
static bool grow_forward(struct heap *h, struct chunk *c, size_t size)
{
	struct chunk *next = chunk_next_used(c);

	if (next == h->top && grow_into_top(h, c, size))
		return true;
	next = chunk_next_used(c);
	if (chunk_is_used(next))
		return false;
	if (HEAP_CHECK != 0 && !heap_bins_is_sound(&h->bins, next))
		return false;

	size_t have = chunk_head_size(c) + chunk_free_size(next);

	if (have < size)
		return false;
	if (HEAP_CHECK != 0 && have != size &&
	    !heap_bins_accept(&h->bins, have - size))
		return heap_bins_blame(&h->bins, HEAP_FAULT_LINK, HEAP_I6,
				       NULL);

	size_t peak = h->peak;

	swallow_next(h, c, next);
	heap_cut(h, c, size);
	/* What was swallowed to be given back at once is no peak. */
	heap_lower_peak(h, peak);
	return true;
}

/*
 * The free chunk below c, if c and it and what is free behind make `size`
 * bytes: all claimed as one used chunk.  NULL: no, or bins.damage filled.
 */
static struct chunk *claim_backward(struct heap *h, struct chunk *c,
				    size_t size)
{
	struct bins *b = &h->bins;
	struct chunk *next = chunk_next_used(c), *prev;
	size_t have = chunk_head_size(c);
	bool next_free = !chunk_is_used(next);

	if (chunk_is_prev_used(c))
		return NULL;
	prev = chunk_below(c, chunk_foot_size(chunk_prev_foot(c)));
	if (HEAP_CHECK != 0 &&
	    (!heap_bins_is_sound(b, prev) || chunk_next(prev) != c))
		return NULL;
	have += chunk_span(prev, c);
	if (next_free)
		have += chunk_free_size(next);
	if (have < size)
		return NULL;
	if (next_free)
		swallow_next(h, c, next);
	/* [free p][ c . . ]  =>  [ p . . . . . ], used */
	heap_account(h, have - chunk_head_size(c));
	heap_bins_remove(b, prev);
	chunk_set_used(prev, have | CHUNK_USED | CHUNK_PREV_USED, b->key);
	chunk_forget(c);
	return prev;
}

/*
 * Move the payload of `was` bytes from c to `to`, without the lock.  State NULL:
 * none was taken.
 */
static void move(struct heap *h, struct chunk *to, const struct chunk *c,
		 size_t was, uintptr_t *state, const void *caller)
{
	if (state != NULL)
		heap_leave(h, *state, caller);
	word_copy(chunk_to_mem(to), chunk_to_mem(c), was - WORD_SIZE);
	if (state != NULL)
		*state = heap_lock(h);
}

/*
 * Grow the block at c to `size` bytes; NULL: no room, or bins.damage filled.
 * Releases and takes the lock again while it moves a payload: *state, if that
 * is there, is the one to leave with.
 */
static struct chunk *grow_block(struct heap *h, struct chunk *c, size_t size,
				uintptr_t *state, const void *caller)
{
	size_t was = chunk_head_size(c);
	struct chunk *to;

	if (grow_forward(h, c, size))
		return c;
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		return NULL;

	to = claim_backward(h, c, size);
	if (to != NULL) {
		move(h, to, c, was, state, caller);
		heap_cut(h, to, size);
		return to;
	}
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		return NULL;

	to = heap_take(h, size);
	if (to == NULL)
		return NULL;
	move(h, to, c, was, state, caller);
	heap_give(h, c);
	return to;
}

void *heap_resize_engine(struct heap *h, void *p, size_t n, const void *caller)
{
	bool idle = h->bins.fast != 0;
	uintptr_t state = 0, *held = idle ? NULL : &state;
	struct chunk *c, *to;
	size_t size;

	if (HEAP_CHECK >= 3)
		return heap_debug_resize(h, p, n, caller);
	if (idle)
		h->bins.damage.kind = HEAP_FAULT_NONE;
	else if (!heap_enter_work(h, &state, p, caller))
		return NULL;
	size = chunk_round(n);
	c = heap_inspect(h, p);
	/* A good place to look at what seldom changes, and seldom is used. */
	if (c == NULL || !heap_slow_is_sound(h))
		return heap_fail(h, state, p, caller);

	if (size > chunk_head_size(c))
		do
			to = grow_block(h, c, size, held, caller);
		while (to == NULL && !idle && heap_again(h, &state, caller));
	else
		to = heap_cut(h, c, size) ? c : NULL;
	if (to == NULL)
		return heap_fail(h, state, p, caller);
	/* The block is served, but its old place could not be freed. */
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		heap_fail(h, state, p, caller);
	else if (!idle)
		heap_leave(h, state, caller);
	return chunk_to_mem(to);
}

/* realloc's other meanings; or the layers have it. */
static WORD_COLD void *otherwise(struct heap *h, void *p, size_t n,
				 const void *caller)
{
	const struct heap_layer *layer = heap_layer(h);

	if (layer != NULL && caller != h)
		return layer->resize(h, p, n, caller);
	if (p == NULL)
		return heap_alloc_from(h, n, caller);
	if (n == 0)
		heap_free_from(h, p, caller);
	else if (n <= CHUNK_PAYLOAD_MAX)
		return heap_resize_engine(h, p, n, caller);
	return NULL;
}

void *heap_resize_from(struct heap *h, void *p, size_t n, const void *caller)
{
	if (p == NULL || n - 1 >= CHUNK_PAYLOAD_MAX || heap_may_have_layer(h))
		return otherwise(h, p, n, caller);
	return heap_resize_engine(h, p, n, caller);
}

/*
 * Carve `size` bytes at a multiple of `align` out of used chunk c and free
 * what lies before and behind.  NULL, bins.damage filled, when it cannot be
 * freed; c is then whole.
 */
static struct chunk *carve(struct heap *h, struct chunk *c, size_t align,
			   size_t size)
{
	uintptr_t mem = align_up((uintptr_t)chunk_to_mem(c), align);
	struct chunk *at = mem_to_chunk((void *)mem);
	size_t lead = chunk_span(c, at), head = c->head;

	/* [      c       ]  =>  [lead][   at   ], and free the lead */
	if (lead != 0) {
		chunk_set_used(at,
			       (chunk_head_size(c) - lead) | CHUNK_USED |
				       CHUNK_PREV_USED,
			       h->bins.key);
		chunk_set_used(c, lead | (head & CHUNK_FLAGS), h->bins.key);
		if (!heap_give(h, c)) {
			c->head = head;
			return NULL;
		}
	}
	heap_cut(h, at, size);
	return at;
}

void *heap_alloc_aligned_from(struct heap *h, size_t align, size_t n,
			      const void *caller)
{
	size_t size = chunk_size_for(n);
	const struct heap_layer *layer = heap_layer(h);
	struct chunk *c;
	uintptr_t state;

	if (layer != NULL && caller != h)
		return layer->align(h, align, n, caller);
	if (!is_power_of_two(align))
		return NULL;
	if (align <= HEAP_ALIGN)
		return heap_alloc_from(h, n, caller);
	if (HEAP_CHECK >= 3)
		return heap_debug_align(h, align, n, caller);
	if (size == 0 || align > HEAP_CHUNK_MAX - size)
		return NULL;
	if (!heap_enter_work(h, &state, NULL, caller))
		return NULL;

	size_t peak = h->peak;
	struct chunk *whole;

	do
		whole = heap_take(h, size + align - HEAP_ALIGN);
	while (whole == NULL && heap_again(h, &state, caller));

	c = NULL;
	if (whole != NULL) {
		c = carve(h, whole, align, size);
		if (c == NULL)
			heap_give(h, whole);
	}
	/* What was taken to be given back at once is no peak. */
	heap_lower_peak(h, peak);
	/* The block may be served, but not all that is left over freed. */
	if (c == NULL || h->bins.damage.kind != HEAP_FAULT_NONE)
		heap_fail(h, state, NULL, caller);
	else
		heap_leave(h, state, caller);
	return c != NULL ? chunk_to_mem(c) : NULL;
}

/* For the debug profile alone, so that others have them inline. */
bool heap_grow_forward(struct heap *h, struct chunk *c, size_t size)
{
	return HEAP_CHECK >= 3 && grow_forward(h, c, size);
}

struct chunk *heap_carve(struct heap *h, struct chunk *c, size_t align,
			 size_t size)
{
	return HEAP_CHECK >= 3 ? carve(h, c, align, size) : NULL;
}
