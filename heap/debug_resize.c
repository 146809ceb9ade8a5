/* SPDX-License-Identifier: MIT */
/* L4: the debug profile: resize, and aligned blocks. */
#include "enter.h"

#if HEAP_CHECK >= 3

/* End an operation that has served c, NULL if it has not. */
static void *finish(struct heap *h, uintptr_t state, const struct chunk *c,
		    const void *mem, const void *caller)
{
	/* The block may be served, but not all that is left over freed. */
	if (c == NULL || h->bins.damage.kind != HEAP_FAULT_NONE)
		heap_fail(h, state, mem, caller);
	else
		heap_leave(h, state, caller);
	return c != NULL ? chunk_to_mem(c) : NULL;
}

/* Cut used chunk c down, and fill what is free now.  False: bins.damage. */
static bool cut(struct heap *h, struct chunk *c, size_t size)
{
	struct chunk *tail = chunk_above(c, size);
	size_t rest = chunk_head_size(c) - size;

	if (!heap_cut(h, c, size))
		return false;
	if (rest != 0)
		heap_fill_seam(h, tail, tail, rest);
	return true;
}

/* Grow live block c where it lies to a chunk of `size` bytes.  False: no. */
static bool grow(struct heap *h, struct chunk *c, size_t size)
{
	const uint8_t *next = (const uint8_t *)chunk_next(c);
	const struct trailer old = *heap_debug_trailer(h, c);
	size_t peak = h->peak;

	if (!heap_grow_forward(h, c, size))
		return false;
	heap_debug_settle(h, peak);
	heap_slice_merged(h, c, chunk_next(c));
	/* What next had of its own, as free chunk or top, is not looked at. */
	if (heap_fill_is_freed(next + 3 * WORD_SIZE,
			       (const uint8_t *)chunk_next(c) - WORD_SIZE))
		return true;
	heap_debug_dress(h, c, old.asked, old.asked,
			 (const void *)old.allocated_by);
	return heap_bins_blame(&h->bins, HEAP_FAULT_FREED, HEAP_I10, c);
}

/*
 * Copy live block c to `to`, without the lock, and free it.  Who frees c
 * meanwhile is told so.
 */
static void *move(struct heap *h, struct chunk *to, struct chunk *c, size_t n,
		  uintptr_t state, const void *caller)
{
	void *mem = chunk_to_mem(c);
	size_t asked = heap_debug_asked(c);

	heap_debug_dress(h, to, n, 0, caller);
	heap_debug_shade(h, HEAP_SHADE_BORN, to, n, 0);
	heap_leave(h, state, caller);
	memmove(chunk_to_mem(to), mem, asked < n ? asked : n);
	state = heap_lock(h);
	heap_debug_free(h, mem, caller);
	return finish(h, state, to, mem, caller);
}

/*
 * A block that grows moves as long as there is room elsewhere: who keeps its
 * old address is found out.
 */
void *heap_debug_resize(struct heap *h, void *p, size_t n, const void *caller)
{
	size_t size = heap_debug_size_for(n), asked;
	struct chunk *c, *to;
	uintptr_t state;

	caller = heap_fault_caller(h, caller);
	if (size == 0 || !heap_enter_work(h, &state, p, caller))
		return NULL;
	c = heap_debug_inspect(h, p);
	if (c == NULL)
		return heap_fail(h, state, p, caller);
	asked = heap_debug_asked(c);
	if (size <= chunk_head_size(c)) {
		if (!cut(h, c, size))
			return heap_fail(h, state, p, caller);
	} else {
		to = heap_debug_take(h, size);
		while (to == NULL && heap_again(h, &state, caller)) {
			c = heap_debug_inspect(h, p);
			if (c == NULL)
				return heap_fail(h, state, p, caller);
			to = heap_debug_take(h, size);
		}
		if (to != NULL)
			return move(h, to, c, n, state, caller);
		if (h->bins.damage.kind != HEAP_FAULT_NONE || !grow(h, c, size))
			return heap_fail(h, state, p, caller);
	}
	heap_debug_dress(h, c, n, asked < n ? asked : n, caller);
	heap_debug_shade(h, HEAP_SHADE_RESIZED, c, n, asked);
	return finish(h, state, c, p, caller);
}

void *heap_debug_align(struct heap *h, size_t align, size_t n,
		       const void *caller)
{
	size_t size = heap_debug_size_for(n);
	struct chunk *c, *at, *tail, *end;
	uintptr_t state;

	caller = heap_fault_caller(h, caller);
	if (size == 0 || align > HEAP_CHUNK_MAX - size ||
	    !heap_enter_work(h, &state, NULL, caller))
		return NULL;

	size_t peak = h->peak;

	do
		c = heap_debug_take(h, size + align - HEAP_ALIGN);
	while (c == NULL && heap_again(h, &state, caller));
	if (c == NULL)
		return finish(h, state, NULL, NULL, caller);
	end = chunk_next(c);
	at = heap_carve(h, c, align, size);
	if (at == NULL) {
		/* It could not be cut: perhaps it can be freed as a whole. */
		const struct damage why = h->bins.damage;

		h->bins.damage = (struct damage){0};
		if (!heap_debug_release(h, c))
			heap_debug_shun(h, c);
		h->bins.damage = why;
		heap_debug_settle(h, peak);
		return finish(h, state, NULL, NULL, caller);
	}
	tail = chunk_next(at);
	if (tail != end)
		heap_fill_seam(h, tail, tail, chunk_span(tail, end));
	heap_debug_dress(h, at, n, 0, caller);
	heap_debug_shade(h, HEAP_SHADE_BORN, at, n, 0);
	heap_debug_settle(h, peak);
	return finish(h, state, at, NULL, caller);
}

#endif
