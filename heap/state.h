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

#include "debug.h"
#include "heap.h"
#include "heap_pending.h"
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
	size_t peak;       /* most bytes that ever were in used chunks     */
	size_t below_peak; /* and how many fewer there are now: a malloc   */
			   /* below the peak has one compare and one write */
	size_t failures;
	/* What follows changes only when the heap grows or is trimmed. */
	struct chunk *base; /* first chunk of the current segment           */
	uintptr_t end;      /* first byte behind it, of any alignment       */
	size_t older;       /* segments before the current one              */
	size_t taken;       /* bytes of all segments and the control block  */
	size_t ended;       /* not 0: destroyed, never grows again          */
	uintptr_t check;    /* over the slow part of this struct            */
	uint16_t telling;   /* not 0: the port's `fault` runs, see fault.c  */
	uint16_t untold;    /* faults meanwhile                             */
#if HEAP_CHECK >= 3
	struct debug debug;
#endif
#if HEAP_CHECK != 0
	/* Of `port`, through which everything is called; NULL: none yet. */
	const struct heap_port *port_copy;
	/* The layer that calls go to instead of the engine; NULL: none.
	 * See heap_set_fast. */
	const struct heap_layer *layer;
	const struct heap_layer *layer_copy;
#endif
};

/*
 * Another thread may change it: to see that late does no harm, nor does NULL
 * while it changes.  If it is damaged, heap_enter will tell.  The bench builds
 * the heap with HEAP_NO_LAYERS too, to see what looking costs.
 */
static WORD_HOT const struct heap_layer *heap_layer(const struct heap *h)
{
#if HEAP_CHECK != 0 && !defined(HEAP_NO_LAYERS)
	const struct heap_layer *layer =
		__atomic_load_n(&h->layer, __ATOMIC_RELAXED);

	if (layer == NULL ||
	    layer != __atomic_load_n(&h->layer_copy, __ATOMIC_RELAXED))
		return NULL;
	return layer;
#else
	(void)h;
	return NULL;
#endif
}

/* Is there one at all, perhaps?  In one look. */
static WORD_HOT bool heap_may_have_layer(const struct heap *h)
{
#if HEAP_CHECK != 0 && !defined(HEAP_NO_LAYERS)
	return __atomic_load_n(&h->layer, __ATOMIC_RELAXED) != NULL;
#else
	(void)h;
	return false;
#endif
}

/* Asked before anything is called through `port`; see heap_mend. */
static WORD_HOT bool heap_port_is_sound(const struct heap *h)
{
#if HEAP_CHECK != 0
	return h->port == h->port_copy || h->port_copy == NULL;
#else
	(void)h;
	return true;
#endif
}

static inline void heap_set_port(struct heap *h, const struct heap_port *port)
{
	h->port = port;
#if HEAP_CHECK != 0
	h->port_copy = port;
#endif
}

/* Likewise of `layer`; the lock is held. */
static WORD_HOT bool heap_layer_is_sound(const struct heap *h)
{
#if HEAP_CHECK != 0
	return h->layer == h->layer_copy;
#else
	(void)h;
	return true;
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

	return bins_may_end(b, h->top) && h->top->head == FENCE &&
	       bins_may_end(b, to);
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
 * False: the port gives no more, what it gave is then part of the heap; or
 * bins.damage filled, nothing done.
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

/* Does it hold?  Else bins.damage is filled. */
bool heap_slow_is_sound(struct heap *h);

/* ---- core.c: the lock is held ---- */

/*
 * The used chunk behind mem, or NULL with bins.damage filled: mem is no block
 * of this heap, or its header or its next neighbour's does not bear it out.
 */
struct chunk *heap_inspect(struct heap *h, const void *mem);

/*
 * A used chunk of `size` bytes, at most HEAP_CHUNK_MAX - HEAP_ALIGN.  NULL: the
 * heap cannot grow, or bins.damage filled.
 */
struct chunk *heap_take(struct heap *h, size_t size);

/*
 * What is left of a malloc that needs no lock when hot_take could not do it;
 * `at` is what it found.
 */
void *heap_alloc_rest(struct heap *h, size_t size, const struct chunk *at,
		      const void *caller);

/*
 * Free chunk c.  False, nothing done and bins.damage filled: it is not used, or
 * something around it is damaged.
 */
bool heap_give(struct heap *h, struct chunk *c);

/*
 * Cut used chunk c down to `size` bytes and free the tail.  False as above.
 */
bool heap_cut(struct heap *h, struct chunk *c, size_t size);

/* ---- api.c ---- */

/* NULL, after the `exhausted` of the heap has been called. */
void *heap_refuse(const struct heap *h);

/*
 * Whether malloc and free need the lock is asked of bins.fast and bins.open:
 * decide it anew.
 */
void heap_set_fast(struct heap *h);

/* The heap has other bounds, or, `forget`, no block any more. */
static inline void heap_cover_pending(struct heap *h)
{
	if (h->port->pending != NULL)
		h->port->pending->calls->cover(h);
}

static inline void heap_forget_pending(struct heap *h)
{
	if (h->port->pending != NULL)
		h->port->pending->calls->forget(h);
}

/* Chunks lie in bins.lo + [0, units). */
static inline void heap_set_units(struct heap *h, size_t units)
{
	h->bins.units = units;
	if (h->bins.fast != 0)
		h->bins.open = units;
}

/* heap_alloc_from and heap_free_from, below all layers. */
void *heap_alloc_engine(struct heap *h, size_t n, const void *caller);
void heap_free_engine(struct heap *h, void *p, const void *caller);

/* Likewise heap_resize_from of a block, to a size that there can be. */
void *heap_resize_engine(struct heap *h, void *p, size_t n, const void *caller);

/*
 * Bytes that may be used of block p; bins.damage filled: it is none.  The lock
 * is held.
 */
size_t heap_block_size(struct heap *h, const void *p);

/* Tell the layers of something that they could not see; without the lock. */
void heap_notice(struct heap *h, enum heap_operation op, const void *caller);

/* So many more bytes are in used chunks. */
static WORD_HOT void heap_account(struct heap *h, size_t more)
{
	if (HEAP_STATS == 0)
		return;
	if (__builtin_sub_overflow(h->below_peak, more, &h->below_peak)) {
		/* What is missing makes a new peak. */
		h->peak -= h->below_peak;
		h->below_peak = 0;
	}
}

/* So many fewer. */
static WORD_HOT void heap_discount(struct heap *h, size_t fewer)
{
	if (HEAP_STATS != 0)
		h->below_peak += fewer;
}

/* Bytes in used chunks. */
static inline size_t heap_in_use(const struct heap *h)
{
	return h->peak - h->below_peak;
}

/* Chunks were taken to be given back at once: the peak was `before`, or is now. */
static inline void heap_lower_peak(struct heap *h, size_t before)
{
	size_t now = heap_in_use(h);

	h->peak = now > before ? now : before;
	h->below_peak = h->peak - now;
}

/* ---- resize.c: the debug profile's ---- */

/* Grow c forward to `size` bytes.  False: no room, or bins.damage filled. */
bool heap_grow_forward(struct heap *h, struct chunk *c, size_t size);

/*
 * Carve `size` bytes at a multiple of `align` out of used chunk c and free
 * what lies before and behind.  NULL, bins.damage filled, when it cannot be
 * freed; c is then whole.
 */
struct chunk *heap_carve(struct heap *h, struct chunk *c, size_t align,
			 size_t size);

/* ---- fault.c ---- */

/* Release the lock, and tell the port all that can be known of a damage. */
void heap_fault_tell(struct heap *h, uintptr_t state,
		     const struct damage *damage, const void *mem,
		     const void *caller);

/* Tell of a call from where the lock does not reach; false. */
bool heap_fault_interrupt(struct heap *h, const void *mem, const void *caller);

/* Whom to name for `caller`, which is h when a layer called; no lock held. */
const void *heap_fault_caller(struct heap *h, const void *caller);

/* ---- check.c ---- */

/* heap_check without the lock. */
enum heap_invariant heap_check_held(const struct heap *h,
				    const struct chunk **bad);

/* I1, I2, I5 of the chunk at c, which lies below the fence. */
enum heap_invariant heap_check_chunk(const struct heap *h,
				     const struct chunk *c,
				     const struct chunk *fence);

/* I8, I9: the words that everything else is reached through. */
enum heap_invariant heap_check_control(const struct heap *h,
				       const struct chunk **bad);

#endif
