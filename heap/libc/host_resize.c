/* SPDX-License-Identifier: MIT */
/*
 * realloc on Linux, beside malloc and free in host_front.c: resize.c's ways that
 * are taken most, without the lock.  A block that has to grow down, or for which
 * the heap has to grow, goes the way of all calls.
 */
#include "host_front.h"

#include "family.h"

#if BLOCKS_MAP

const char heap_libc_host_resize = 0;

/* ---- where it lies -------------------------------------------------------- */

/*
 * Fewer bytes: what is too few for malloc to make use of stays with the block.
 * False: something around it is damaged.
 */
static bool shrink(struct heap *h, struct chunk *c, size_t size)
{
	return chunk_head_size(c) - size < QUICK_LEAST || heap_cut(h, c, size);
}

/* Chunk c, in front of the top, becomes one of `size` bytes. */
static bool grow_into_top(struct heap *h, struct chunk *c, size_t size)
{
	size_t was = chunk_head_size(c);

	if (heap_room(h) < size - was)
		return false;
	if (HEAP_CHECK != 0 && !heap_top_is_sound(h, chunk_above(c, size)))
		return false;
	/* [ c ][top . . .]  =>  [ c . . ][top .] */
	heap_account(h, size - was);
	heap_set_top(h, chunk_above(c, size));
	chunk_set_used(c, size | (c->head & CHUNK_FLAGS), h->bins.key);
	return true;
}

/* Bytes of `next` that a chunk before it could have. */
static size_t free_size(const struct chunk *next)
{
	return chunk_is_used(next) ? 0 : chunk_free_size(next);
}

/* Chunk c, in front of free chunk `next` that is large enough, likewise. */
static bool grow_into_next(struct heap *h, struct chunk *c, struct chunk *next,
			   size_t size)
{
	struct bins *b = &h->bins;
	size_t was = chunk_head_size(c), above, rest;

	if (!hot_detach(b, bins_hull(b), next, &above))
		return false;
	rest = was + above - size;
	if (rest < QUICK_LEAST) {
		/* [ c ][free n][used]  =>  [ c . . . ][used] */
		size += rest;
		chunk_flip_prev_used(chunk_above(next, above));
	} else if (!bins_insert(b, bins_hull(b), chunk_above(c, size), rest)) {
		heap_bins_restore(b, next);
		return false;
	}
	/* [ c ][ free  n ]  =>  [ c . . ][free] */
	chunk_forget(next);
	heap_account(h, size - was);
	chunk_set_used(c, size | (c->head & CHUNK_FLAGS), b->key);
	return true;
}

/* ---- elsewhere ------------------------------------------------------------ */

/* Is the chunk below c free, and large enough with c and `above` more? */
static bool may_grow_down(const struct chunk *c, size_t above, size_t size)
{
	return !chunk_is_prev_used(c) &&
	       chunk_foot_size(chunk_prev_foot(c)) >=
		       size - chunk_head_size(c) - above;
}

static void *move(struct heap *h, struct chunk *c, size_t n, const void *caller)
{
	void *p = chunk_to_mem(c), *to = heap_front_alloc(h, n, caller);

	if (to == NULL)
		return NULL;
	__builtin_memcpy(to, p, chunk_head_size(c) - WORD_SIZE);
	heap_front_free(h, p, caller);
	return to;
}

/* Block c, of n bytes now.  NULL, and nothing done: resize.c has to see to it. */
static void *resize_alone(struct heap *h, struct chunk *c, size_t n,
			  const void *caller)
{
	size_t size = front_size(n), was, above;
	void *p = chunk_to_mem(c);
	struct chunk *next;

	if (HEAP_CHECK != 0 &&
	    !hot_looks_used(&h->bins, c, bins_hull(&h->bins)))
		return NULL;
	was = chunk_head_size(c);
	if (size <= was)
		return shrink(h, c, size) ? p : NULL;
	if (was == 0)
		return NULL;
	next = chunk_above(c, was);
	if (next == h->top)
		return grow_into_top(h, c, size) ? p : NULL;
	above = free_size(next);
	if (was + above >= size)
		return grow_into_next(h, c, next, size) ? p : NULL;
	if (may_grow_down(c, above, size))
		return NULL;
	return move(h, c, n, caller);
}

/* As malloc.c has it. */
void *realloc(void *p, size_t n)
{
	struct heap *h = &heap_default;
	struct chunk *c = mem_to_chunk(p);
	const void *caller = HEAP_LIBC_CALLER;

	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) != 0 && n != 0 &&
	    front_is_open(h, n)) {
		void *q;

		if (quick_is_doubted(h, c) && heap_quick_is_freed(c, caller))
			return NULL;
		q = resize_alone(h, c, n, caller);
		if (q != NULL)
			return q;
	}
	front_settle(n);
	return heap_libc_resize(p, n, NULL, caller);
}

#endif
