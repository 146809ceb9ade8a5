/* SPDX-License-Identifier: MIT */
/*
 * L4: free and malloc where the lock does not reach; port/heap_pending.h tells
 * what they promise.  Nothing calls this file by name: a port leads here.
 *
 * Blocks that are freed there hang on a list, last one first:
 *
 *   list ->  c           rest ->  c  ->  c  ->  0        now = c
 *            | link of the first payload word, coded with its own address
 *
 * Whoever holds the lock makes the list the rest at once, and frees one block
 * after the other, which is `now` meanwhile.  Every store below leaves each
 * block that is pending reachable from list, rest or now: an interrupt between
 * any two instructions can tell a second free from a first one.
 *
 * An interrupt sees a heap in the middle of any change.  It relies on nothing
 * but what no change touches: the head of a block in use, of which others only
 * turn over one flag together with its seal; the key; and [lo, hi), in which
 * all blocks lie at every instant.  It writes only into the payload of a block
 * that its caller gave up.
 */
#include "heap_pending.h"
#include "enter.h"

/* Pending blocks that a call frees before its own work. */
#define DRAINED_A_CALL 2

/* An interrupt's attempts; each but the last was disturbed by a nested one. */
#define ATTEMPTS 64

static struct heap_pending *pending_of(const struct heap *h)
{
	return h->port->pending;
}

/* ---- the list ---------------------------------------------------------- */

static volatile uintptr_t *link_of(uintptr_t c)
{
	return (volatile uintptr_t *)chunk_to_mem((struct chunk *)c);
}

/*
 * A link to `other`, or 0, as it stands in c, and back.  So that hardly any
 * payload looks like one: there is no room to say that it is one.
 */
static uintptr_t code(uintptr_t c, uintptr_t other)
{
	return other ^ (c * (uintptr_t)0x9e3779b97f4a7c15u);
}

/* May c be a block, as far as its place tells? */
static bool is_place(const struct heap_pending *q, uintptr_t c)
{
	return c >= q->lo && c < q->hi && c % HEAP_ALIGN == WORD_SIZE;
}

/* Is there a block in use at c, at any instant of a change elsewhere? */
static enum heap_fault_kind look(const struct heap *h, uintptr_t c)
{
	const struct heap_pending *q = pending_of(h);
	const volatile size_t *head = (const volatile size_t *)c;
	struct chunk seen;

	if (c < q->lo || c >= q->hi)
		return HEAP_FAULT_FOREIGN;
	if (c % HEAP_ALIGN != WORD_SIZE % HEAP_ALIGN)
		return HEAP_FAULT_MISALIGNED;
	seen.head = *head;
	if (!chunk_is_used(&seen) || chunk_head_size(&seen) == 0)
		return HEAP_FAULT_NOT_USED;
	return chunk_parity(seen.head ^ c) == h->bins.key ? HEAP_FAULT_NONE
							  : HEAP_FAULT_HEADER;
}

/* What c links to, if it does. */
static bool follow(const struct heap_pending *q, uintptr_t *c)
{
	*c = code(*c, *link_of(*c));
	return is_place(q, *c);
}

static bool is_on(const struct heap_pending *q, uintptr_t from, uintptr_t c)
{
	size_t most = (q->hi - q->lo) / HEAP_ALIGN;

	if (!is_place(q, from))
		return false;
	while (from != c)
		if (most-- == 0 || !follow(q, &from))
			return false;
	return true;
}

/* Is block c on a list?  Its payload tells nearly always that it is not. */
static bool is_listed(const struct heap_pending *q, uintptr_t c)
{
	uintptr_t other = c;

	if ((q->list | q->rest) == 0 || !is_place(q, c))
		return false;
	if (!follow(q, &other) && other != 0)
		return false;
	return is_on(q, q->list, c) || is_on(q, q->rest, c);
}

/* ---- where the lock does not reach -------------------------------------- */

static void refuse(struct heap *h, enum heap_fault_kind kind, const void *mem,
		   const void *caller)
{
	const struct damage damage = {
		.kind = kind,
		.invariant = kind == HEAP_FAULT_HEADER ? HEAP_I1 : HEAP_OK,
		.chunk =
			kind == HEAP_FAULT_NOT_USED || kind == HEAP_FAULT_HEADER
				? mem_to_chunk(mem)
				: NULL,
	};

	heap_tell(h, &damage, mem, caller);
}

/* What stands against freeing c. */
static enum heap_fault_kind objection(const struct heap *h, uintptr_t c)
{
	const struct heap_pending *q = pending_of(h);
	enum heap_fault_kind kind;

	if (q->heap != h)
		return HEAP_FAULT_INTERRUPT;
	if (HEAP_CHECK == 0)
		return HEAP_FAULT_NONE;
	kind = look(h, c);
	if (kind == HEAP_FAULT_NONE && (c == q->now || is_listed(q, c)))
		return HEAP_FAULT_NOT_USED;
	/* While that is being made or unmade, the call that frees it will see. */
	if (HEAP_CHECK >= 3 && kind == HEAP_FAULT_NONE &&
	    heap_debug_is_held(h, (const struct chunk *)c))
		return HEAP_FAULT_NOT_USED;
	return kind;
}

static void pend(struct heap *h, const void *p, const void *caller)
{
	struct heap_pending *q = pending_of(h);
	uintptr_t c = (uintptr_t)mem_to_chunk(p), first;
	enum heap_fault_kind kind = HEAP_FAULT_INTERRUPT;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		/* Before looking: what is put in front from now on shows. */
		first = q->list;
		kind = objection(h, c);
		if (kind != HEAP_FAULT_NONE)
			break;
		*link_of(c) = code(c, first);
		if (q->swap(&q->list, first, c))
			return;
		kind = HEAP_FAULT_INTERRUPT;
	}
	refuse(h, kind, p, caller);
}

/* A block of n bytes or more, or 0. */
static uintptr_t from_reserve(struct heap *h, size_t n, const void *caller)
{
	struct heap_pending *q = pending_of(h);

	if (q->heap != h || q->slots == 0 || n > q->bytes) {
		refuse(h, HEAP_FAULT_INTERRUPT, NULL, caller);
		return 0;
	}
	for (size_t i = 0; i < q->slots; i++) {
		uintptr_t p = q->reserve[i];

		if (p != 0 && q->swap(&q->reserve[i], p, 0))
			return p;
	}
	return 0;
}

/* ---- the lock is held --------------------------------------------------- */

static uintptr_t take_lock(struct heap *h)
{
	uintptr_t state = heap_lock(h);

	h->bins.damage.kind = HEAP_FAULT_NONE;
	return state;
}

/* Tell bins.damage, for which the lock is let go. */
static void tell_held(struct heap *h, uintptr_t *state, const void *mem,
		      const void *caller)
{
	heap_fail(h, *state, mem, caller);
	*state = take_lock(h);
}

/* Free one pending block.  False: there is none. */
static bool drain(struct heap *h, uintptr_t *state, const void *caller)
{
	struct heap_pending *q = pending_of(h);
	uintptr_t c = q->rest, next;

	if (c == 0) {
		do {
			c = q->list;
			if (c == 0)
				return false;
			q->rest = c;
		} while (!q->swap(&q->list, c, 0));
	}
	q->now = c;
	next = c;
	if (follow(q, &next) || next == 0) {
		q->rest = next;
	} else {
		/* Written to since: what hung on it is lost. */
		q->rest = 0;
		heap_bins_blame(&h->bins, HEAP_FAULT_LINK, HEAP_I6,
				(const struct chunk *)c);
		tell_held(h, state, chunk_to_mem((struct chunk *)c), caller);
	}

	const struct heap_layer *layer = heap_layer(h);

	if (layer != NULL)
		layer->late(h, chunk_to_mem((struct chunk *)c));
	if (HEAP_CHECK >= 3)
		heap_debug_free(h, chunk_to_mem((struct chunk *)c), caller);
	else
		heap_give(h, (struct chunk *)c);
	heap_barrier();
	q->now = 0;
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		tell_held(h, state, chunk_to_mem((struct chunk *)c), caller);
	return true;
}

static void refill(struct heap *h, uintptr_t *state, const void *caller)
{
	struct heap_pending *q = pending_of(h);
	volatile uintptr_t *slot = &q->reserve[q->next];
	struct chunk *block;

	q->next = q->next + 1 < q->slots ? q->next + 1 : 0;
	if (*slot != 0)
		return;
	if (q->bytes > CHUNK_PAYLOAD_MAX)
		return;
	block = HEAP_CHECK >= 3 ? heap_debug_alloc(h, q->bytes, caller)
				: heap_take(h, chunk_round(q->bytes));
	if (block != NULL)
		*slot = (uintptr_t)chunk_to_mem(block);
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		tell_held(h, state, NULL, caller);
}

/* False, the lock released and the fault told, when `mem` is pending. */
static bool may_work_on(struct heap *h, uintptr_t state, const void *mem,
			const void *caller)
{
	struct heap_pending *q = pending_of(h);

	if (HEAP_CHECK == 0 || mem == NULL ||
	    !is_listed(q, (uintptr_t)mem_to_chunk(mem)))
		return true;
	q->now = 0;
	heap_bins_blame(&h->bins, HEAP_FAULT_NOT_USED, HEAP_OK,
			mem_to_chunk(mem));
	heap_fail(h, state, mem, caller);
	return false;
}

/* With the lock: mem, or nothing if NULL, is to be freed or worked on. */
static bool begin(struct heap *h, uintptr_t *state, const void *mem, bool frees,
		  const void *caller)
{
	struct heap_pending *q = pending_of(h);

	*state = take_lock(h);
	if (q->heap != h)
		return true;
	/* First: once it is drained, it may be another's. */
	if (!may_work_on(h, *state, mem, caller))
		return false;
	for (unsigned i = 0; i < DRAINED_A_CALL; i++)
		if (!drain(h, state, caller))
			break;
	if (q->slots != 0)
		refill(h, state, caller);
	/*
	 * And again, as it may have been freed meanwhile.  From here on that
	 * is found out by `now`, which the next call overwrites: until then
	 * a block that has been freed is nobody's.
	 */
	q->now = frees ? (uintptr_t)mem_to_chunk(mem) : 0;
	return may_work_on(h, *state, mem, caller);
}

/* ---- the beginnings of operations --------------------------------------- */

static bool is_late(const struct heap *h)
{
	const struct heap_port *port = h->port;

	return port->in_isr != NULL && port->in_isr(port->ctx);
}

static bool begin_alloc(struct heap *h, uintptr_t *state, size_t n,
			const void *caller)
{
	if (!is_late(h))
		return begin(h, state, NULL, false, caller);
	*state = from_reserve(h, n, caller);
	return false;
}

static bool begin_free(struct heap *h, uintptr_t *state, const void *p,
		       const void *caller)
{
	if (!is_late(h))
		return begin(h, state, p, true, caller);
	pend(h, p, caller);
	return false;
}

static bool begin_work(struct heap *h, uintptr_t *state, const void *p,
		       const void *caller)
{
	if (!is_late(h))
		return begin(h, state, p, false, caller);
	refuse(h, HEAP_FAULT_INTERRUPT, p, caller);
	return false;
}

/* A request is about to be refused: is it worth to try again? */
static bool again(struct heap *h, uintptr_t *state, const void *caller)
{
	struct heap_pending *q = pending_of(h);

	if (q->heap != h || (q->list | q->rest) == 0)
		return false;
	/* So that nobody waits for all of them. */
	heap_unlock(h, *state);
	*state = take_lock(h);
	return drain(h, state, caller);
}

/*
 * The heap has more memory, or less.  Each of the two stores leaves bounds
 * between the old and the new ones: blocks lie in all of them.
 */
static void cover(struct heap *h)
{
	struct heap_pending *q = pending_of(h);

	if (q->heap == NULL)
		q->heap = h;
	if (q->heap != h)
		return;
	q->lo = h->bins.lo;
	q->hi = h->bins.lo + h->bins.units * HEAP_ALIGN;
}

/* All blocks are free at once, or, when h has ended, nobody's. */
static void forget(struct heap *h)
{
	struct heap_pending *q = pending_of(h);

	if (q->heap != h)
		return;
	q->rest = 0;
	q->now = 0;
	while (!q->swap(&q->list, q->list, 0))
		continue;
	for (size_t i = 0; i < q->slots; i++)
		q->reserve[i] = 0;
	cover(h);
	if (h->ended)
		q->heap = NULL;
}

const struct heap_pending_calls heap_pending_calls = {
	.alloc = begin_alloc,
	.free = begin_free,
	.work = begin_work,
	.again = again,
	.cover = cover,
	.forget = forget,
};
