/* SPDX-License-Identifier: MIT */
/* L4: heaps on memory that the caller brings. */
#include "enter.h"

static const struct heap_port no_port = {0};

/* Hand [at, at + n) to the heap, a segment of HEAP_CHUNK_MAX at a time. */
static void attach_all(struct heap *h, uintptr_t at, size_t n)
{
	while (n != 0) {
		size_t part = n < HEAP_CHUNK_MAX ? n : HEAP_CHUNK_MAX;

		heap_attach(h, at, part);
		at += part;
		n -= part;
	}
}

struct heap *heap_create(void *mem, size_t n, const struct heap_port *port)
{
	uintptr_t start = (uintptr_t)mem;
	size_t pad = (size_t)(-start & (HEAP_ALIGN - 1));
	size_t control = pad + align_up(sizeof(struct heap), HEAP_ALIGN);
	struct heap *h;

	if (mem == NULL || start > UINTPTR_MAX - n || n < control)
		return NULL;
	h = (struct heap *)(start + pad);
	memset(h, 0, sizeof(*h));
	h->bins.lo = BINS_NOWHERE(h);
	heap_set_port(h, port != NULL ? port : &no_port);
	h->taken = control;
	attach_all(h, start + control, n - control);
	return h->top != NULL ? h : NULL;
}

/* In watch.c: h and its room for layers part. */
__attribute__((weak)) void heap_unwatch(struct heap *h);

void heap_destroy(struct heap *h)
{
	const struct heap_port *port;
	uintptr_t state;

	if (!heap_enter(h, &state, NULL, __builtin_return_address(0)))
		return;
	port = h->port;
	if (HEAP_CHECK >= 3)
		heap_debug_end(h);
	if (HEAP_CHECK != 0 && heap_unwatch != NULL)
		heap_unwatch(h);
	memset(h, 0, sizeof(*h));
	h->bins.lo = BINS_NOWHERE(h);
	heap_set_port(h, port);
	h->ended = 1;
	h->check = heap_slow_check(h);
	heap_forget_pending(h);
	heap_unlock(h, state);
}

/* Let old pointers into [base, fence) be found out: no header stays used. */
static void forget_chunks(const struct span *s)
{
	struct chunk *c = s->base;

	while (c < s->fence) {
		struct chunk *next = chunk_next(c);

		/* Damage: what lies behind cannot be found. */
		if (next <= c || next > s->fence)
			break;
		chunk_forget(c);
		c = next;
	}
}

void heap_reset(struct heap *h)
{
	const void *caller = __builtin_return_address(0);
	uintptr_t state;

	if (!heap_enter(h, &state, NULL, caller))
		return;
	/* Where the segments lie must be known to make them anew. */
	if (h->base == NULL) {
		heap_unlock(h, state);
		return;
	}
	if (h->check != heap_slow_check(h)) {
		heap_bins_blame(&h->bins, HEAP_FAULT_INVARIANT, HEAP_I8, NULL);
		heap_fail(h, state, NULL, caller);
		return;
	}

	struct span s = {h->base, h->top};
	struct bins *b = &h->bins;

	/* Of a damaged top it is not known what it was. */
	if (hull_index(bins_hull(b), s.fence) >
		    hull_index(bins_hull(b), h->limit) ||
	    s.fence < s.base)
		s.fence = h->limit;
	b->map = 0;
	b->tiny = 0;
	b->damage = (struct damage){0};
	memset(b->head, 0, sizeof(b->head));
	heap_forget_pending(h);
	h->below_peak = h->peak;
	forget_chunks(&s);
	heap_set_top(h, h->base);
	/* [older segment: chunks][fence]  =>  [     free     ][fence] */
	for (size_t i = 0; heap_older_segment(h, &s, &i);) {
		forget_chunks(&s);
		if (s.base == s.fence)
			continue;
		heap_bins_insert(b, s.base, chunk_span(s.base, s.fence));
		s.fence->head = FENCE ^ CHUNK_FLIP;
	}
	if (HEAP_CHECK >= 3)
		heap_debug_reset(h);
	heap_unlock(h, state);
	heap_notice(h, HEAP_OP_RESET, caller);
}
