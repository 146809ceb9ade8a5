/* SPDX-License-Identifier: MIT */
/*
 * L4: the debug profile: what memory is filled with while it is nobody's.
 *
 * Loops, not memset: a sanitizer looks at what memset is asked to write to.
 */
#include "state.h"

#if HEAP_CHECK >= 3

/*
 * As an address each is misaligned, and far away on most machines; as a head
 * FREED says that nothing is used.
 */
#define FRESH      0xcd
#define FREED      0xda
#define FREED_WORD (SIZE_MAX / 0xff * FREED)

static void fill(uint8_t *from, const uint8_t *to, uint8_t byte)
{
	const size_t word = SIZE_MAX / 0xff * byte;

	for (; from < to && (uintptr_t)from % WORD_SIZE != 0; from++)
		*from = byte;
	for (; from < to && (size_t)(to - from) >= WORD_SIZE; from += WORD_SIZE)
		*(size_t *)(void *)from = word;
	for (; from < to; from++)
		*from = byte;
}

void heap_fill_fresh(void *from, const void *to)
{
	fill(from, to, FRESH);
}

void heap_fill_freed(void *from, const void *to)
{
	fill(from, to, FREED);
}

bool heap_fill_is_freed(const void *from, const void *to)
{
	const size_t *word = from;

	while ((const void *)word < to && *word == FREED_WORD)
		word++;
	return (const void *)word >= to;
}

/*
 * [lo, hi) lies in the free chunk at `start`, or in the top: fill it but for the
 * words that the engine needs.
 */
static void blank(struct heap *h, struct chunk *start, uintptr_t lo,
		  uintptr_t hi)
{
	uintptr_t first = (uintptr_t)start + WORD_SIZE, last;

	if (start == h->top) {
		last = (uintptr_t)h->limit;
	} else {
		first += 2 * WORD_SIZE;
		last = (uintptr_t)chunk_next(start) - WORD_SIZE;
	}
	if (lo < first)
		lo = first;
	if (hi > last)
		hi = last;
	if (lo < hi)
		heap_fill_freed((void *)lo, (const void *)hi);
}

void heap_fill_seam(struct heap *h, struct chunk *start, struct chunk *c,
		    size_t size)
{
	uintptr_t end = (uintptr_t)c + size, hi = end;

	/* [start . [ c ]next]: did what is behind c become part of it? */
	if (start == h->top || (uintptr_t)chunk_next(start) > end)
		hi += 3 * WORD_SIZE;
	heap_slice_merged(h, start, (const void *)hi);
	blank(h, start, (uintptr_t)c - WORD_SIZE, hi);
}

void heap_debug_attach(struct heap *h, uintptr_t start)
{
	const struct heap_port *port = h->port;

	/* Where the old end was, a fence might have been. */
	if ((uintptr_t)h->base < start)
		start = (uintptr_t)chunk_below((struct chunk *)start,
					       2 * HEAP_ALIGN);
	blank(h, h->top, start, (uintptr_t)h->limit);
	if (port->shade != NULL && h->top < h->limit)
		port->shade(port->ctx, HEAP_SHADE_TAKEN, h->top,
			    heap_room(h) + WORD_SIZE, 0);
}

/* Every segment: filled anew, or, the heap having ended, not ours. */
static void each_segment(struct heap *h, enum heap_shade what)
{
	const struct heap_port *port = h->port;
	struct span s = {h->base, h->top};
	size_t i = 0;

	if (h->base == NULL)
		return;
	s.fence = h->limit;
	do {
		if (what == HEAP_SHADE_TAKEN && s.base != s.fence)
			blank(h, s.base, (uintptr_t)s.base, (uintptr_t)s.fence);
		if (port->shade != NULL)
			port->shade(port->ctx, what, s.base,
				    chunk_span(s.base, s.fence) + WORD_SIZE, 0);
	} while (heap_older_segment(h, &s, &i));
}

void heap_debug_reset(struct heap *h)
{
	h->debug = (struct debug){0};
	each_segment(h, HEAP_SHADE_TAKEN);
}

void heap_debug_end(struct heap *h)
{
	each_segment(h, HEAP_SHADE_GONE);
}

#endif
