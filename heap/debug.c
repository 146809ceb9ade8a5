/* SPDX-License-Identifier: MIT */
/* L4: the debug profile: what is around a block, and in it; see debug.h. */
#include "state.h"

#if HEAP_CHECK >= 3

/* The two states of a trailer; any two odd numbers would do. */
#define LIVE ((uintptr_t)1)
#define HELD ((uintptr_t)3)

/* In the place of what was asked for: held for ever, known to be damaged. */
#define SHUNNED SIZE_MAX

_Static_assert(sizeof(struct trailer) % WORD_SIZE == 0,
	       "a trailer is whole words, as what is above it");

/* ---- the trailer -------------------------------------------------------- */

/* Where it is, if there is one; c is used, and its header sound. */
static struct trailer *trailer_at(const struct chunk *c)
{
	return (struct trailer *)chunk_below(chunk_above(c, chunk_head_size(c)),
					     sizeof(struct trailer));
}

/* A change of one word always shows: each step can be undone. */
static uintptr_t mix(uintptr_t sum, uintptr_t word)
{
	sum = (sum ^ word) * (uintptr_t)0x9e3779b97f4a7c15u;
	return sum ^ sum >> WORD_BITS / 2;
}

static uintptr_t sum_of(const struct heap *h, const struct chunk *c,
			const struct trailer *t, uintptr_t state)
{
	uintptr_t sum = mix(h->bins.key ^ state, (uintptr_t)c);

	sum = mix(sum, chunk_head_size(c));
	sum = mix(mix(sum, t->tag[0]), t->tag[1]);
	sum = mix(sum, t->asked);
	sum = mix(sum, t->freed_by);
	return mix(sum, t->allocated_by);
}

/* The head may have been made with a damaged key. */
static bool has_room(const struct heap *h, const struct chunk *c)
{
	size_t size = chunk_head_size(c);

	return size >= heap_debug_size_for(0) &&
	       bins_may_end(&h->bins, chunk_above(c, size));
}

static bool is_in_state(const struct heap *h, const struct chunk *c,
			uintptr_t state)
{
	return has_room(h, c) &&
	       trailer_at(c)->check == sum_of(h, c, trailer_at(c), state);
}

bool heap_debug_is_held(const struct heap *h, const struct chunk *c)
{
	return is_in_state(h, c, HELD);
}

const struct trailer *heap_debug_trailer(const struct heap *h,
					 const struct chunk *c)
{
	return is_in_state(h, c, LIVE) || is_in_state(h, c, HELD)
		       ? trailer_at(c)
		       : NULL;
}

uintptr_t heap_debug_allocator(const struct heap *h, const struct chunk *c)
{
	const struct trailer *t = trailer_at(c);

	if (!has_room(h, c) || (heap_debug_trailer(h, c) == NULL &&
				t->freed_by != ~t->allocated_by))
		return 0;
	return t->allocated_by;
}

size_t heap_debug_asked(const struct chunk *c)
{
	return trailer_at(c)->asked;
}

uintptr_t *heap_debug_tag(const struct chunk *c)
{
	return trailer_at(c)->tag;
}

void heap_debug_sign(const struct heap *h, const struct chunk *c)
{
	struct trailer *t = trailer_at(c);

	t->check = sum_of(h, c, t, LIVE);
}

/* A block of n bytes, as the engine has it. */
static size_t payload_for(size_t n)
{
	return align_up(n, WORD_SIZE) + GUARD_MIN + sizeof(struct trailer);
}

size_t heap_debug_size_for(size_t n)
{
	return n <= DEBUG_MAX ? chunk_round(payload_for(n)) : 0;
}

size_t heap_debug_fits(size_t payload)
{
	const size_t more = GUARD_MIN + sizeof(struct trailer);

	return payload > more ? payload - more : 0;
}

/* ---- the guard ----------------------------------------------------------- */

/* Never 0, and not the same at two addresses in a row: a string's end shows,
 * and so does a run of any one byte. */
static uint8_t guard_byte(const uint8_t *at)
{
	return (uint8_t)(0xa1u + 6 * ((uintptr_t)at & 7));
}

/* What is freed in an interrupt is linked by its first word, however small. */
static size_t guarded_from(const struct heap *h, size_t asked)
{
	return asked < WORD_SIZE && h->port->pending != NULL ? WORD_SIZE
							     : asked;
}

static bool guard_is_whole(const struct heap *h, const struct chunk *c)
{
	const uint8_t *end = (const uint8_t *)trailer_at(c);
	const uint8_t *at = (const uint8_t *)chunk_to_mem(c) +
			    guarded_from(h, trailer_at(c)->asked);

	while (at < end && *at == guard_byte(at))
		at++;
	return at == end;
}

/* ---- what a block is made of ------------------------------------------- */

void heap_debug_shade(const struct heap *h, enum heap_shade what,
		      const struct chunk *c, size_t n, size_t was)
{
	if (h->port->shade != NULL)
		h->port->shade(h->port->ctx, what, chunk_to_mem(c), n, was);
}

void heap_debug_dress(struct heap *h, struct chunk *c, size_t n, size_t kept,
		      const void *caller)
{
	struct trailer *t = trailer_at(c);
	uint8_t *mem = chunk_to_mem(c), *end = (uint8_t *)t;

	if (n > kept)
		heap_fill_fresh(mem + kept, mem + n);
	for (uint8_t *at = mem + n; at < end; at++)
		*at = guard_byte(at);
	t->tag[0] = t->tag[1] = 0;
	t->asked = n;
	t->allocated_by = (uintptr_t)caller;
	t->freed_by = ~(uintptr_t)caller;
	t->check = sum_of(h, c, t, LIVE);
}

/* Is what was free, and is used chunk c now, still as it was left? */
static bool is_virgin(const struct chunk *c)
{
	const uint8_t *end = (const uint8_t *)chunk_next(c);

	/* Links and a foot may have been there. */
	return heap_fill_is_freed((const uint8_t *)c + 3 * WORD_SIZE,
				  end - WORD_SIZE);
}

void heap_debug_shun(struct heap *h, struct chunk *c)
{
	struct trailer *t = trailer_at(c);

	if (!has_room(h, c))
		return;
	if (heap_debug_trailer(h, c) == NULL)
		*t = (struct trailer){0};
	t->asked = SHUNNED;
	t->check = sum_of(h, c, t, HELD);
}

/* What changes with growth only is looked at by every operation. */
static bool is_where_it_was(struct heap *h)
{
	return h->base == NULL || heap_slow_is_sound(h);
}

struct chunk *heap_debug_inspect(struct heap *h, const void *mem)
{
	struct chunk *c = is_where_it_was(h) ? heap_inspect(h, mem) : NULL;

	if (c == NULL)
		return NULL;
	if (is_in_state(h, c, HELD))
		heap_bins_blame(&h->bins, HEAP_FAULT_NOT_USED, HEAP_OK, c);
	else if (!is_in_state(h, c, LIVE) || !guard_is_whole(h, c))
		heap_bins_blame(&h->bins, HEAP_FAULT_GUARD, HEAP_I10, c);
	else
		return c;
	return NULL;
}

/* ---- I10 ------------------------------------------------------------------ */

bool heap_debug_is_intact(const struct heap *h, const struct chunk *c,
			  size_t most)
{
	const uint8_t *from = chunk_to_mem(c), *to = (uint8_t *)chunk_next(c);

	if (chunk_is_used(c)) {
		if (is_in_state(h, c, LIVE))
			return guard_is_whole(h, c);
		if (!is_in_state(h, c, HELD))
			return false;
		to = (const uint8_t *)trailer_at(c);
		if (trailer_at(c)->asked == SHUNNED)
			return true;
	} else {
		from += 2 * WORD_SIZE;
		to -= WORD_SIZE;
	}
	if (from < to && (size_t)(to - from) > most)
		to = from + most;
	return heap_fill_is_freed(from, to);
}

/* ---- take, give --------------------------------------------------------- */

/* What is held is not in use; what was taken to be given back is no peak. */
void heap_debug_settle(struct heap *h, size_t peak)
{
	size_t used = heap_in_use(h), live = used - h->debug.bytes;

	h->peak = live > peak ? live : peak;
	h->below_peak = h->peak - used;
}

struct chunk *heap_debug_take(struct heap *h, size_t size)
{
	size_t peak = h->peak;
	struct chunk *c = is_where_it_was(h) ? heap_take(h, size) : NULL;

	if (c == NULL && h->bins.damage.kind == HEAP_FAULT_NONE &&
	    h->debug.count != 0 && heap_quarantine_drain(h))
		c = heap_take(h, size);
	heap_debug_settle(h, peak);
	if (c == NULL || is_virgin(c))
		return c;
	/* Somebody still writes there: it is not to be anybody's again. */
	heap_debug_shun(h, c);
	heap_bins_blame(&h->bins, HEAP_FAULT_FREED, HEAP_I10, c);
	return NULL;
}

struct chunk *heap_debug_alloc(struct heap *h, size_t n, const void *caller)
{
	size_t size = heap_debug_size_for(n);
	struct chunk *c = size != 0 ? heap_debug_take(h, size) : NULL;

	if (c != NULL) {
		heap_debug_dress(h, c, n, 0, caller);
		heap_debug_shade(h, HEAP_SHADE_BORN, c, n, 0);
	}
	return c;
}

bool heap_debug_release(struct heap *h, struct chunk *c)
{
	size_t below = 0, size = chunk_head_size(c);
	struct chunk *start;

	if (!chunk_is_prev_used(c))
		below = chunk_foot_size(chunk_prev_foot(c));
	start = chunk_below(c, below);
	if (!heap_give(h, c))
		return false;
	/* [free p][ c ][free n]: the foot of p, all of c, and what n had. */
	heap_fill_seam(h, start, c, size);
	return true;
}

void heap_debug_bury(struct heap *h, struct chunk *c, const void *caller)
{
	struct trailer *t = trailer_at(c);

	heap_debug_shade(h, HEAP_SHADE_DEAD, c, t->asked, 0);
	heap_fill_freed(chunk_to_mem(c), t);
	t->freed_by = (uintptr_t)caller;
	t->check = sum_of(h, c, t, HELD);
	if (!heap_quarantine_put(h, c))
		heap_debug_release(h, c);
}

bool heap_debug_free(struct heap *h, void *p, const void *caller)
{
	struct chunk *c = heap_debug_inspect(h, p);

	if (c != NULL)
		heap_debug_bury(h, c, caller);
	return h->bins.damage.kind == HEAP_FAULT_NONE;
}

#endif
