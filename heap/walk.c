/* SPDX-License-Identifier: MIT */
/* L4: read-only tours: walk and statistics. */
#include "enter.h"

typedef bool visitor(void *ctx, const struct heap_chunk *chunk);

static bool visit_chunk(visitor *visit, void *ctx, const struct chunk *c,
			size_t size, enum heap_chunk_state state)
{
	const struct heap_chunk info = {
		.mem = chunk_to_mem(c),
		.size = size,
		.state = state,
	};

	return visit(ctx, &info);
}

/* What the debug profile holds back after free is free. */
static bool is_in_use(const struct heap *h, const struct chunk *c)
{
	return chunk_is_used(c) &&
	       !(HEAP_CHECK >= 3 && heap_debug_is_held(h, c));
}

/* False when stopped, or when a size leads out of the segment. */
static bool walk_segment(const struct heap *h, const struct span *s,
			 visitor *visit, void *ctx)
{
	const struct chunk *c = s->base;

	while (c != s->fence) {
		size_t size = chunk_size(c);

		if (size == 0 || size > chunk_span(c, s->fence))
			return false;
		if (!visit_chunk(visit, ctx, c, size,
				 is_in_use(h, c) ? HEAP_CHUNK_USED
						 : HEAP_CHUNK_FREE))
			return false;
		c = chunk_above(c, size);
	}
	return true;
}

static bool walk_held(const struct heap *h, visitor *visit, void *ctx)
{
	struct span s = {h->base, h->top};
	size_t i = 0;

	if (h->top == NULL && h->base == NULL)
		return true;
	/* Damage in these would lead out of the heap. */
	if (h->check != heap_slow_check(h) || h->top < h->base ||
	    h->top > h->limit)
		return false;
	if (!walk_segment(h, &s, visit, ctx))
		return false;
	if (heap_room(h) != 0 &&
	    !visit_chunk(visit, ctx, h->top, heap_room(h), HEAP_CHUNK_TOP))
		return false;
	while (heap_older_segment(h, &s, &i)) {
		if (!walk_segment(h, &s, visit, ctx))
			return false;
	}
	return i == h->older;
}

bool heap_walk(struct heap *h,
	       bool (*visit)(void *ctx, const struct heap_chunk *chunk),
	       void *ctx)
{
	const void *caller = __builtin_return_address(0);
	uintptr_t state;
	bool whole;

	if (!heap_enter(h, &state, NULL, caller))
		return false;
	whole = walk_held(h, visit, ctx);
	heap_unlock(h, state);
	return whole;
}

/* ---- statistics ------------------------------------------------------- */

static bool count(void *ctx, const struct heap_chunk *chunk)
{
	struct heap_stats *stats = ctx;

	if (chunk->state == HEAP_CHUNK_USED) {
		stats->used_chunks++;
		stats->in_use += chunk->size;
		return true;
	}
	stats->free_chunks++;
	stats->free += chunk->size;
	if (chunk->size > stats->largest_free)
		stats->largest_free = chunk->size;
	return true;
}

void heap_stats(struct heap *h, struct heap_stats *out)
{
	const void *caller = __builtin_return_address(0);
	uintptr_t state;

	*out = (struct heap_stats){0};
	if (!heap_enter(h, &state, NULL, caller))
		return;
	walk_held(h, count, out);
	out->taken = h->taken;
	out->overhead = h->taken - out->in_use - out->free;
	out->peak = h->peak;
	out->failures = h->failures;
	out->segments = h->top != NULL ? h->older + 1 : 0;
	heap_unlock(h, state);

	/* From bytes of a chunk to what heap_alloc can be asked for. */
	if (out->largest_free > HEAP_CHUNK_MAX - HEAP_ALIGN)
		out->largest_free = HEAP_CHUNK_MAX - HEAP_ALIGN;
	if (out->largest_free != 0)
		out->largest_free -= WORD_SIZE;
	if (HEAP_CHECK >= 3)
		out->largest_free = heap_debug_fits(out->largest_free);
}
