/* SPDX-License-Identifier: MIT */
/* L3: memory from the port and back: segments, the break, trim. */
#include "enter.h"

_Static_assert(HEAP_GROW < HEAP_CHUNK_MAX && HEAP_GROW % HEAP_ALIGN == 0,
	       "a gift makes one segment, and leaves the break aligned");

/*
 * The check word is a sum in which each word has a weight of its own, powers of
 * an odd number: the change of any word shows, and so do those of two words
 * whose bits would cancel in a plain sum or a xor.  And where one number is
 * added to several words, its weights are.
 */
#define WEIGHT ((uintptr_t)0x9e3779b97f4a7c15u)

/* What a unit more adds to it: of `limit`, `end`, `units` and `taken`. */
#define GROWN                                                                  \
	(HEAP_ALIGN * (WEIGHT * WEIGHT * WEIGHT + WEIGHT * WEIGHT + 1) + WEIGHT)

/* Horner's rule. */
static WORD_HOT uintptr_t mix(uintptr_t sum, uintptr_t word)
{
	return sum * WEIGHT + word;
}

uintptr_t heap_slow_check(const struct heap *h)
{
	uintptr_t sum = (uintptr_t)h->port;

	sum = mix(sum, h->bins.lo);
	sum = mix(sum, h->bins.key);
	sum = mix(sum, (uintptr_t)h->base);
	sum = mix(sum, h->older);
	sum = mix(sum, h->ended);
	sum = mix(sum, (uintptr_t)h->limit);
	sum = mix(sum, h->end);
	sum = mix(sum, h->bins.units);
	return mix(sum, h->taken);
}

bool heap_slow_is_sound(struct heap *h)
{
	return HEAP_CHECK == 0 || h->check == heap_slow_check(h) ||
	       heap_bins_blame(&h->bins, HEAP_FAULT_INVARIANT, HEAP_I8, NULL);
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
	if (!bins_may_end(&h->bins, d->base) ||
	    !bins_may_end(&h->bins, d->fence) ||
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

/*
 * Let the hull reach up to `limit`, the place of a fence.  Links may lead to
 * what lies below, where three words may be read.
 */
static WORD_HOT void cover(struct heap *h, const struct chunk *limit)
{
	struct bins *b = &h->bins;
	size_t units = ((uintptr_t)limit - b->lo) / HEAP_ALIGN;

	if (b->units < units)
		heap_set_units(h, units);
}

/* And down to `base`. */
static void cover_base(struct heap *h, const struct chunk *base)
{
	struct bins *b = &h->bins;
	size_t more = b->lo - (uintptr_t)base;

	/* Trimmed to nothing, a segment has no units either. */
	if (h->top == NULL) {
		b->lo = (uintptr_t)base;
	} else if ((uintptr_t)base < b->lo) {
		b->lo = (uintptr_t)base;
		heap_set_units(h, b->units + more / HEAP_ALIGN);
	}
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
 * Make [start, start + n) the current segment, unless it is too small for a
 * chunk.
 */
static WORD_COLD void open_segment(struct heap *h, uintptr_t start, size_t n)
{
	uintptr_t end = start + n;
	size_t before = h->top != NULL ? sizeof(struct segment) : 0;
	struct chunk *base, *limit = limit_below(end);

	if (n < before + 2 * HEAP_ALIGN)
		return;
	base = (struct chunk *)(align_up(start + before + WORD_SIZE,
					 HEAP_ALIGN) -
				WORD_SIZE);
	if (limit < chunk_above(base, CHUNK_MIN))
		return;
	/* A gift may exceed a segment by what worst_case adds: leave it. */
	if (chunk_span(base, limit) > HEAP_CHUNK_MAX - HEAP_ALIGN)
		limit = chunk_above(base, HEAP_CHUNK_MAX - HEAP_ALIGN);
	cover_base(h, base);
	cover(h, limit);
	if (h->top != NULL) {
		struct segment *d = (struct segment *)chunk_below(base, before);

		close_segment(h);
		d->base = h->base;
		d->fence = h->limit;
		d->check = segment_check(h, d);
		h->older++;
	} else {
		mix_key(h);
		heap_set_fast(h);
	}
	h->base = base;
	h->limit = limit;
	heap_set_top(h, base);
	h->end = end;
	h->taken += n;
	h->check = heap_slow_check(h);
	heap_cover_pending(h);
	if (HEAP_CHECK >= 3)
		heap_debug_attach(h, start);
}

void heap_attach(struct heap *h, uintptr_t start, size_t n)
{
	uintptr_t end = start + n;

	if (start != h->end || h->top == NULL ||
	    end - (uintptr_t)h->base > HEAP_CHUNK_MAX) {
		open_segment(h, start, n);
		return;
	}
	h->limit = limit_below(end);
	h->end = end;
	h->taken += n;
	cover(h, h->limit);
	h->check = heap_slow_check(h);
	heap_cover_pending(h);
	if (HEAP_CHECK >= 3)
		heap_debug_attach(h, start);
}

/* What sbrk answered to a request for n bytes: memory? */
static bool is_gift(uintptr_t start, size_t n)
{
	/* NULL, (void *)-1, or what wraps. */
	return start - 1 < UINTPTR_MAX - n;
}

/* One call of sbrk for n bytes; what comes is attached. */
static bool ask(struct heap *h, size_t n)
{
	const struct heap_port *port = h->port;
	uintptr_t start;

	if (n > PTRDIFF_MAX)
		return false;
	start = (uintptr_t)port->sbrk(port->ctx, (ptrdiff_t)n);
	if (!is_gift(start, n))
		return false;
	heap_attach(h, start, n);
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

/* There may be no segment still, when none of what came would make one. */
static bool has_room(const struct heap *h, size_t size)
{
	return h->top != NULL && heap_room(h) >= size;
}

/*
 * sbrk answered `start` to a request for n bytes: perhaps that it has none, or
 * with memory elsewhere.
 */
static WORD_COLD bool settle(struct heap *h, size_t size, uintptr_t start,
			     size_t n)
{
	size_t need = shortage(h, size);

	if (is_gift(start, n))
		heap_attach(h, start, n);
	else if (n == need || !ask(h, need))
		/* Generously was too much, and no more than it takes, too. */
		return false;
	if (has_room(h, size))
		return true;
	/* Not adjoining, or misaligned: enough wherever it lies. */
	return (ask(h, worst_case(size)) || ask(h, shortage(h, size))) &&
	       has_room(h, size);
}

/* Is the top sound, or has the heap no memory yet? */
static bool may_grow(struct heap *h, size_t size)
{
	if (h->top == NULL && h->base == NULL)
		return true;
	/* Were there room enough, the top would not be asked to grow. */
	return (h->top != NULL && heap_room(h) < size &&
		heap_top_is_sound(h, h->limit)) ||
	       heap_bins_blame(&h->bins, HEAP_FAULT_HEADER, HEAP_I9, h->top);
}

/* A first segment, one that is not the highest, or something is wrong. */
static WORD_COLD bool grow_otherwise(struct heap *h, size_t size)
{
	const struct heap_port *port = h->port;
	size_t n = HEAP_GROW, need;

	if (HEAP_CHECK != 0 && !may_grow(h, size))
		return false;
	if (!heap_port_is_sound(h)) {
		heap_mend(h, NULL, NULL);
		return false;
	}
	if (port->sbrk == NULL || h->ended != 0)
		return false;
	need = shortage(h, size);
	if (n < need)
		n = need;
	if (n > PTRDIFF_MAX)
		return false;
	return settle(h, size, (uintptr_t)port->sbrk(port->ctx, (ptrdiff_t)n),
		      n);
}

/* Is the top sound, and its segment the highest, which may have n bytes more? */
static WORD_HOT bool may_extend(const struct heap *h, size_t n)
{
	const struct bins *b = &h->bins;

	if ((uintptr_t)h->limit != b->lo + b->units * HEAP_ALIGN ||
	    h->end + n - (uintptr_t)h->base > HEAP_CHUNK_MAX)
		return false;
	return HEAP_CHECK == 0 ||
	       (bins_may_end(b, h->top) && h->top->head == FENCE &&
		heap_port_is_sound(h));
}

bool heap_grow(struct heap *h, size_t size)
{
	const struct heap_port *port = h->port;
	size_t n = HEAP_GROW, need = size - heap_room(h);
	uintptr_t start;

	if (n < need)
		n = need;
	if (HEAP_CHECK >= 3 || !may_extend(h, n) || port->sbrk == NULL)
		return grow_otherwise(h, size);
	start = (uintptr_t)port->sbrk(port->ctx, (ptrdiff_t)n);
	/* Generously was too much: no more than it takes. */
	if (!is_gift(start, n) && n != need) {
		n = need;
		start = (uintptr_t)port->sbrk(port->ctx, (ptrdiff_t)n);
	}
	if (start != h->end)
		return settle(h, size, start, n);
	/* [. . . top . .]  =>  [. . . top . . . . .] */
	h->limit = chunk_above(h->limit, n);
	h->end = start + n;
	h->taken += n;
	heap_set_units(h, h->bins.units + n / HEAP_ALIGN);
	h->check += n / HEAP_ALIGN * GROWN;
	heap_cover_pending(h);
	return true;
}

/* Does the room at the top end where the port's break was left? */
static bool end_is_sound(struct heap *h)
{
	/* First what says where there is anything to look at. */
	if (!heap_slow_is_sound(h))
		return false;
	return heap_top_is_sound(h, h->limit) ||
	       heap_bins_blame(&h->bins, HEAP_FAULT_HEADER, HEAP_I9, h->top);
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

	/* Draining looks where the control block says that chunks may lie. */
	if (HEAP_CHECK >= 3 && h->check == heap_slow_check(h) &&
	    heap_quarantine_drain(h))
		room = heap_room(h);
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
	if (b->lo + b->units * HEAP_ALIGN == (uintptr_t)h->limit)
		heap_set_units(h, b->units - n / HEAP_ALIGN);
	h->limit = chunk_below(h->limit, n);
	h->end -= n;
	h->taken -= n;
	h->check = heap_slow_check(h);
	heap_cover_pending(h);
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
