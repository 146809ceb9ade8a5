/* SPDX-License-Identifier: MIT */
/* L3: memory from the port and back: segments, the break, trim. */
#include "state.h"

_Static_assert(HEAP_GROW < HEAP_CHUNK_MAX, "a gift makes one segment");

/* Rotating keeps words apart; any change of one word shows. */
static WORD_HOT uintptr_t mix(uintptr_t sum, uintptr_t word)
{
	return (sum << 1 | sum >> (WORD_BITS - 1)) ^ word;
}

uintptr_t heap_slow_check(const struct heap *h)
{
	uintptr_t sum = (uintptr_t)h->port;

	sum = mix(sum, h->bins.lo);
	sum = mix(sum, h->bins.units);
	sum = mix(sum, h->bins.floor);
	sum = mix(sum, h->bins.words);
	sum = mix(sum, h->bins.key);
	sum = mix(sum, (uintptr_t)h->base);
	sum = mix(sum, (uintptr_t)h->limit);
	sum = mix(sum, h->end);
	sum = mix(sum, h->older);
	return mix(sum, h->taken);
}

static uintptr_t segment_check(const struct heap *h, const struct segment *s)
{
	return mix(mix(h->bins.key, (uintptr_t)s->base), (uintptr_t)s->fence);
}

bool heap_older_segment(const struct heap *h, struct span *s, size_t *i)
{
	const struct segment *d;

	if (*i >= h->older)
		return false;
	d = (const struct segment *)chunk_below(s->base, sizeof(*d));
	if (!bins_may_hold(&h->bins, d->base) ||
	    !bins_may_hold(&h->bins, d->fence) ||
	    d->check != segment_check(h, d))
		return false;
	s->base = d->base;
	s->fence = d->fence;
	++*i;
	return true;
}

/* The highest place for a fence in memory that ends at `end`. */
static struct chunk *limit_below(uintptr_t end)
{
	return (struct chunk *)(align_down(end, HEAP_ALIGN) - WORD_SIZE);
}

/* Let the hull reach from `base` to `limit`, both included. */
static void cover(struct heap *h, const struct chunk *base,
		  const struct chunk *limit)
{
	uintptr_t hi = h->bins.lo + h->bins.units * HEAP_ALIGN;

	if (h->bins.units == 0 || (uintptr_t)base < h->bins.lo)
		h->bins.lo = (uintptr_t)base;
	if (hi < (uintptr_t)limit + HEAP_ALIGN)
		hi = (uintptr_t)limit + HEAP_ALIGN;
	h->bins.units = (hi - h->bins.lo) / HEAP_ALIGN;

	/* Links may lead to the control block too. */
	uintptr_t control = (uintptr_t)h, floor = h->bins.lo;

	if (floor > control)
		floor = control;
	if (hi < control + sizeof(*h))
		hi = align_up(control + sizeof(*h), WORD_SIZE);
	h->bins.floor = floor;
	h->bins.words = (hi - floor) / WORD_SIZE;
}

/* Once, before there is any chunk: the key of the seals. */
static void mix_key(struct heap *h)
{
	uintptr_t seed = (uintptr_t)h;

	if (HEAP_CHECK == 0)
		return;
	if (h->port->seed != NULL)
		seed ^= h->port->seed(h->port->ctx);
	h->bins.key = chunk_parity(h->bins.key ^
				   seed * (uintptr_t)0x9e3779b97f4a7c15u);
}

/* [segment][top . . .]  =>  [segment][ free  ][fence] */
static void close_segment(struct heap *h)
{
	struct chunk *rest = h->top;
	size_t room = heap_room(h);

	if (room == 0)
		return;
	h->limit->head = FENCE ^ CHUNK_FLIP;
	heap_bins_insert(&h->bins, rest, room);
}

/*
 * Make [start, end) the current segment.  False, and nothing done, when it is
 * too small for a chunk.
 */
static bool open_segment(struct heap *h, uintptr_t start, uintptr_t end)
{
	size_t before = h->top != NULL ? sizeof(struct segment) : 0;
	struct chunk *base, *limit = limit_below(end);

	if (end - start < before + 2 * HEAP_ALIGN)
		return false;
	base = (struct chunk *)(align_up(start + before + WORD_SIZE,
					 HEAP_ALIGN) -
				WORD_SIZE);
	if (limit < chunk_above(base, CHUNK_MIN))
		return false;
	/* A gift may exceed a segment by what worst_case adds: leave it. */
	if (chunk_span(base, limit) > HEAP_CHUNK_MAX - HEAP_ALIGN)
		limit = chunk_above(base, HEAP_CHUNK_MAX - HEAP_ALIGN);
	cover(h, base, limit);
	if (h->top != NULL) {
		struct segment *d = (struct segment *)chunk_below(base, before);

		close_segment(h);
		d->base = h->base;
		d->fence = h->limit;
		d->check = segment_check(h, d);
		h->older++;
	} else {
		mix_key(h);
	}
	h->base = base;
	h->limit = limit;
	heap_set_top(h, base);
	return true;
}

void heap_attach(struct heap *h, uintptr_t start, size_t n)
{
	uintptr_t end = start + n;

	if (h->top != NULL && start == h->end &&
	    end - (uintptr_t)h->base <= HEAP_CHUNK_MAX) {
		h->limit = limit_below(end);
		cover(h, h->base, h->limit);
	} else if (!open_segment(h, start, end)) {
		return;
	}
	if (HEAP_CHECK < 3 && h->port->lock == NULL && h->port->in_isr == NULL)
		h->bins.fast = CHUNK_PAYLOAD_MAX + 1;
	h->end = end;
	h->taken += n;
	h->check = heap_slow_check(h);
}

/* One call of sbrk for n bytes, what comes attached.  False when refused. */
static bool ask(struct heap *h, size_t n)
{
	const struct heap_port *port = h->port;
	void *start;

	if (n > PTRDIFF_MAX)
		return false;
	start = port->sbrk(port->ctx, (ptrdiff_t)n);
	if (start == NULL || start == (void *)-1 ||
	    (uintptr_t)start > UINTPTR_MAX - n)
		return false;
	heap_attach(h, (uintptr_t)start, n);
	return true;
}

/*
 * Bytes to ask for so that `size` fit behind the top, or in a first segment
 * whose start is aligned; or, worst case, in a segment of their own.
 */
static size_t shortage(const struct heap *h, size_t size)
{
	return h->top != NULL ? size - heap_room(h) : size + HEAP_ALIGN;
}

static size_t worst_case(size_t size)
{
	return align_up(size + sizeof(struct segment) + 3 * HEAP_ALIGN,
			HEAP_ALIGN);
}

bool heap_grow(struct heap *h, size_t size)
{
	if (h->port->sbrk == NULL || h->ended)
		return false;

	const size_t generous = HEAP_GROW;
	size_t need = shortage(h, size);

	/* Generously first; when that is too much, no more than it takes. */
	if (need >= generous || !ask(h, generous))
		ask(h, need);
	if (heap_room(h) >= size)
		return true;

	/* Not adjoining, misaligned, or refused: enough wherever it lies. */
	if (!ask(h, worst_case(size)))
		ask(h, shortage(h, size));
	return heap_room(h) >= size;
}

/* Does the room at the top end where the port's break was left? */
static bool end_is_sound(struct heap *h)
{
	if (!heap_top_is_sound(h, h->limit))
		return heap_bins_blame(&h->bins, HEAP_FAULT_HEADER, HEAP_I9,
				       h->top);
	return h->check == heap_slow_check(h) ||
	       heap_bins_blame(&h->bins, HEAP_FAULT_INVARIANT, HEAP_I8, NULL);
}

/*
 * Give back the last bytes that are free; the lock is held.  0, and bins.damage
 * filled, when it is not certain which those are.
 */
static size_t give_back(struct heap *h, size_t keep)
{
	const struct heap_port *port = h->port;
	struct bins *b = &h->bins;
	size_t room = heap_room(h);

	if (port->sbrk == NULL || h->ended || keep >= room)
		return 0;
	if (HEAP_CHECK != 0 && !end_is_sound(h))
		return 0;

	size_t n = align_down(room - keep, HEAP_ALIGN);

	if (n > PTRDIFF_MAX || n == 0 ||
	    (uintptr_t)port->sbrk(port->ctx, 0) != h->end)
		return 0;
	if (port->sbrk(port->ctx, -(ptrdiff_t)n) == (void *)-1)
		return 0;

	/* The hull shrinks with its last segment, and only then. */
	if (b->lo + b->units * HEAP_ALIGN == (uintptr_t)h->limit + HEAP_ALIGN)
		b->units -= n / HEAP_ALIGN;
	h->limit = chunk_below(h->limit, n);
	cover(h, h->base, h->limit);
	h->end -= n;
	h->taken -= n;
	h->check = heap_slow_check(h);
	return n;
}

size_t heap_trim(struct heap *h, size_t keep)
{
	return heap_trim_from(h, keep, __builtin_return_address(0));
}

size_t heap_trim_from(struct heap *h, size_t keep, const void *caller)
{
	uintptr_t state;
	size_t n;

	if (!heap_enter(h, &state, NULL, caller))
		return 0;
	n = give_back(h, keep);
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		heap_fail(h, state, NULL, caller);
	else
		heap_leave(h, state, caller);
	if (n != 0)
		heap_notice(h, HEAP_OP_TRIMMED, caller);
	return n;
}
