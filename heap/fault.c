/* SPDX-License-Identifier: MIT */
/*
 * L4: what is known of a fault, and telling the port of it.
 *
 * It is found out with the lock held, and told without: whoever is told may
 * call the heap, and finds it in a defined state.  All of it is on the stack.
 */
#include "enter.h"

/* ---- what is known -------------------------------------------------------- */

/*
 * The chunk of s that ends at x, or in which x lies; NULL when that cannot be
 * told, since a header before it is damaged, or x is the first.
 */
static const struct chunk *
chunk_before(const struct heap *h, const struct span *s, const struct chunk *x)
{
	const struct chunk *c = s->base, *before = NULL;

	while (c < x) {
		if (heap_check_chunk(h, c, s->fence) != HEAP_OK)
			return NULL;
		before = c;
		c = chunk_next(c);
	}
	return before;
}

/* The segment that x lies in, its fence included.  False: none. */
static bool segment_of(const struct heap *h, const struct chunk *x,
		       struct span *s)
{
	size_t i = 0;

	*s = (struct span){h->base, h->top};
	if (h->base == NULL || h->check != heap_slow_check(h) ||
	    h->top < h->base || h->top > h->limit)
		return false;
	do {
		if (x >= s->base && x <= s->fence)
			return true;
	} while (heap_older_segment(h, s, &i));
	return false;
}

static void name_suspect(const struct heap *h, const struct chunk *c,
			 struct heap_fault *fault)
{
	fault->suspect = chunk_to_mem(c);
	fault->suspect_size = chunk_head_size(c) - WORD_SIZE;
	if (HEAP_CHECK >= 3) {
		if (heap_debug_trailer(h, c) != NULL)
			fault->suspect_size = heap_debug_asked(c);
		fault->suspect_by = (const void *)heap_debug_allocator(h, c);
	}
}

/* Neighbours of chunk x, and the suspect. */
static void look_around(const struct heap *h, const struct chunk *x,
			struct heap_fault *fault)
{
	const struct chunk *before;
	struct span s;

	if (!bins_may_hold(&h->bins, x) || !segment_of(h, x, &s))
		return;
	before = chunk_before(h, &s, x);
	if (before != NULL && chunk_next(before) == x)
		fault->prev = before;
	if (x != s.fence && heap_check_chunk(h, x, s.fence) == HEAP_OK)
		fault->next = chunk_next(x);
	if (fault->kind == HEAP_FAULT_GUARD)
		name_suspect(h, x, fault);
	else if (fault->kind != HEAP_FAULT_NOT_USED &&
		 fault->kind != HEAP_FAULT_FREED && before != NULL &&
		 chunk_is_used(before))
		name_suspect(h, before, fault);
}

/* The block at fault: that of the chunk, else what the caller passed. */
static void name_callers(const struct heap *h, const struct chunk *c,
			 struct heap_fault *fault)
{
	struct span s;

	if (!bins_may_hold(&h->bins, c) || !segment_of(h, c, &s) ||
	    c == s.fence || !chunk_is_used(c) ||
	    heap_check_chunk(h, c, s.fence) != HEAP_OK)
		return;
	fault->allocated_by = (const void *)heap_debug_allocator(h, c);
	if (heap_debug_is_held(h, c))
		fault->freed_by =
			(const void *)heap_debug_trailer(h, c)->freed_by;
}

/* In watch.c: who called the layer that says h for its caller. */
__attribute__((weak)) const void *heap_layer_caller(struct heap *h);

const void *heap_fault_caller(struct heap *h, const void *caller)
{
	if (HEAP_CHECK != 0 && caller == h && heap_layer_caller != NULL)
		return heap_layer_caller(h);
	return caller;
}

/* ---- telling ---------------------------------------------------------------- */

/* One at a time: else what is told of could be what telling does. */
static bool may_tell(struct heap *h, struct heap_fault *fault)
{
	if (h->port->fault == NULL)
		return false;
	if (__atomic_load_n(&h->telling, __ATOMIC_RELAXED) != 0) {
		if (h->untold != UINT16_MAX)
			h->untold++;
		return false;
	}
	__atomic_store_n(&h->telling, 1, __ATOMIC_RELAXED);
	fault->untold = h->untold;
	h->untold = 0;
	return true;
}

void heap_fault_over(struct heap *h)
{
	__atomic_store_n(&h->telling, 0, __ATOMIC_RELAXED);
}

static WORD_COLD void tell(struct heap *h, struct heap_fault *fault)
{
	fault->caller = heap_fault_caller(h, fault->caller);
	h->port->fault(h->port->ctx, fault);
	heap_fault_over(h);
}

static struct heap_fault what_is_said(const struct heap *h,
				      const struct damage *damage,
				      const void *mem, const void *caller)
{
	return (struct heap_fault){
		.kind = damage->kind,
		.invariant = damage->invariant,
		.heap = h,
		.chunk = damage->chunk,
		.mem = mem,
		.caller = caller,
	};
}

WORD_COLD void heap_fault_tell(struct heap *h, uintptr_t state,
			       const struct damage *damage, const void *mem,
			       const void *caller)
{
	struct heap_fault fault = what_is_said(h, damage, mem, caller);
	bool told = may_tell(h, &fault);

	if (HEAP_CHECK != 0 && told)
		look_around(h, damage->chunk, &fault);
	if (HEAP_CHECK >= 3 && told) {
		name_callers(h, damage->chunk, &fault);
		if (fault.allocated_by == NULL)
			name_callers(h, mem_to_chunk(mem), &fault);
	}
	heap_unlock(h, state);
	if (told)
		tell(h, &fault);
}

WORD_COLD void heap_tell(struct heap *h, const struct damage *damage,
			 const void *mem, const void *caller)
{
	struct heap_fault fault = what_is_said(h, damage, mem, caller);

	if (may_tell(h, &fault))
		tell(h, &fault);
}

WORD_COLD bool heap_fault_interrupt(struct heap *h, const void *mem,
				    const void *caller)
{
	heap_tell(h, &(struct damage){.kind = HEAP_FAULT_INTERRUPT}, mem,
		  caller);
	return false;
}
