/* SPDX-License-Identifier: MIT */
/*
 * L3: struct heap, its lock, and how a fault is told: what the engine shares.
 *
 * Memory as the heap sees it:
 *
 *   older segments, closed:   | descriptor | chunk | chunk ...      | fence |
 *   the current segment:      | descriptor | chunk ... chunk | top  ........|
 *                                          ^base             ^top      limit^ ^end
 *
 * The current segment ends in the top: the part never yet made into chunks.
 * The fence of the segment stands at its start and moves up as chunks are cut
 * from it; `limit` is where the fence stands when nothing is left.  Since a
 * chunk that is freed below the fence is swallowed by the top, the chunk below
 * the fence of the current segment is always used.
 */
#ifndef HEAP_STATE_H
#define HEAP_STATE_H

#include "bins.h"
#include "heap.h"
#include "layer.h"

/*
 * Describes the next older segment; lies right below the base of a segment
 * that is not the first.
 */
struct segment {
	struct chunk *base;  /* its first chunk */
	struct chunk *fence; /* its last one    */
	uintptr_t check;     /* see heap_segment_check */
};

struct heap {
	struct bins bins;
	struct chunk *top;   /* the fence of the current segment; NULL: none */
	struct chunk *limit; /* the highest place for it                     */
	const struct heap_port *port;
	/* Without the lock, when a request is refused; may be NULL. */
	void (*exhausted)(void);
	/* Where errno is, which callbacks might change; may be NULL. */
	int *(*error)(void);
	size_t in_use;
	size_t peak;
	size_t failures;
	/* What follows changes only when the heap grows or is trimmed. */
	struct chunk *base; /* first chunk of the current segment           */
	uintptr_t end;      /* first byte behind it, of any alignment       */
	size_t older;       /* segments before the current one              */
	size_t taken;       /* bytes of all segments and the control block  */
	bool ended;         /* destroyed: never grows again                 */
	uintptr_t check;    /* over the slow part of this struct            */
#if HEAP_CHECK != 0
	/* The layer that calls go to instead of the engine; NULL: none.  It
	 * keeps bins.fast at 0 for as long as it is there. */
	const struct heap_layer *layer;
#endif
};

/* Another thread may change it: to see that late does no harm. */
static WORD_HOT const struct heap_layer *heap_layer(const struct heap *h)
{
#if HEAP_CHECK != 0
	return __atomic_load_n(&h->layer, __ATOMIC_RELAXED);
#else
	(void)h;
	return NULL;
#endif
}

/* Bytes that can be cut from the top as chunks. */
static inline size_t heap_room(const struct heap *h)
{
	return chunk_span(h->top, h->limit);
}

/* Put the top, and with it the fence, at c. */
static inline void heap_set_top(struct heap *h, struct chunk *c)
{
	h->top = c;
	c->head = FENCE;
}

/*
 * Is the fence at the top where and what it should be, and may it move to `to`?
 * That is asked because the limit, too, may be damaged.
 */
static WORD_HOT bool heap_top_is_sound(const struct heap *h,
				       const struct chunk *to)
{
	const struct bins *b = &h->bins;

	return bins_may_read(b, h->top) && h->top->head == FENCE &&
	       bins_may_read(b, to);
}

/* The running thread's id. */
static inline uintptr_t heap_thread(const struct heap *h)
{
	const struct heap_port *port = h->port;

	return port->thread != NULL ? port->thread(port->ctx) : 0;
}

/* ---- grow.c ---- */

/*
 * Make room for `size` bytes at the top with at most four calls of sbrk.
 * False iff the port gives no more; what it gave is then part of the heap.
 */
bool heap_grow(struct heap *h, size_t size);

/*
 * Add [start, start + n) to the heap, as the end of the current segment when
 * it adjoins, else as a new one.  Memory too small for a chunk is not used.
 */
void heap_attach(struct heap *h, uintptr_t start, size_t n);

/* A segment: its chunks are [base, fence). */
struct span {
	struct chunk *base;
	struct chunk *fence;
};

/*
 * Step to the next older segment; start with the current one and its top as
 * `fence`, `i` = 0.  False when there is none, or its descriptor is damaged:
 * i == h->older tells the two apart.
 */
bool heap_older_segment(const struct heap *h, struct span *s, size_t *i);

/* The check word over the slow part of struct heap. */
uintptr_t heap_slow_check(const struct heap *h);

/* ---- core.c: the lock is held ---- */

/*
 * The used chunk behind mem, or NULL with bins.damage filled: mem is no block
 * of this heap, or its header or its next neighbour's does not bear it out.
 */
struct chunk *heap_inspect(struct heap *h, const void *mem);

/*
 * heap_alloc_from and heap_free_from are here too.  They first ask whether the
 * lock is idle; a caller that holds it says so with h in the place of `caller`.
 * They then leave bins.damage to him, and have done nothing when it is filled.
 */

/*
 * Cut used chunk c down to `size` bytes and free the tail.  False as above.
 */
bool heap_cut(struct heap *h, struct chunk *c, size_t size);

/* ---- api.c: the edges of the lock ---- */

/* NULL, after the `exhausted` of the heap has been called. */
void *heap_refuse(const struct heap *h);

/* heap_alloc_from and heap_free_from where there is a lock, or trouble. */
void *heap_alloc_locked(struct heap *h, size_t n, const void *caller);
void heap_free_locked(struct heap *h, void *p, const void *caller);

/* Tell the layers of something that they could not see; without the lock. */
void heap_notice(struct heap *h, enum heap_operation op, const void *caller);

/* Take the lock alone; heap_enter has said that this context may. */
static inline uintptr_t heap_lock(const struct heap *h)
{
	return h->port->lock != NULL ? h->port->lock(h->port->ctx) : 0;
}

static inline void heap_unlock(const struct heap *h, uintptr_t state)
{
	if (h->port->unlock != NULL)
		h->port->unlock(h->port->ctx, state);
}

/*
 * Begin an operation: takes the lock.  False, fault told, when the context
 * is one that the lock does not exclude; there is nothing to leave then.
 */
bool heap_enter(struct heap *h, uintptr_t *state, const void *mem,
		const void *caller);

/* End it: releases the lock.  HEAP_CHECK 3: proves the whole heap first. */
void heap_leave(struct heap *h, uintptr_t state, const void *caller);

/*
 * End an operation that failed: count it, or, when bins.damage is filled, tell
 * the port after the lock is released.  Returns NULL.
 */
void *heap_fail(struct heap *h, uintptr_t state, const void *mem,
		const void *caller);

/* So many more bytes are in used chunks. */
static WORD_HOT void heap_account(struct heap *h, size_t more)
{
	if (HEAP_STATS == 0)
		return;
	h->in_use += more;
	if (h->in_use > h->peak)
		h->peak = h->in_use;
}

/* So many fewer. */
static WORD_HOT void heap_discount(struct heap *h, size_t fewer)
{
	if (HEAP_STATS != 0)
		h->in_use -= fewer;
}

/* heap_check without the lock. */
enum heap_invariant heap_check_held(const struct heap *h,
				    const struct chunk **bad);

#endif
