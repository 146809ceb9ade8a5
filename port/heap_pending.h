/* SPDX-License-Identifier: MIT */
/*
 * free and malloc where the port's in_isr says true: in an interrupt when the
 * lock is a mutex, in an NMI when it masks interrupts.  Without this, both are
 * refused and told.  With it,
 *
 * - free puts the block on a list that runs through the dead blocks; each later
 *   call from where the lock does reach frees two of them first, and one that
 *   would be refused frees them all before it gives up.  Meanwhile a block on
 *   the list counts as free: freeing or resizing it is told as a double free.
 *   heap_stats counts it as in use still;
 * - malloc takes a block from a reserve, if there is one; else it is refused and
 *   told.  realloc, aligned blocks and all tours are refused and told.
 *
 * For the one heap that uses the port:
 *
 *	static volatile uintptr_t reserve[4];
 *	static struct heap_pending pending = {
 *		.calls = &heap_pending_calls,
 *		.swap = heap_swap,
 *		.reserve = reserve, .slots = 4, .bytes = 64,
 *	};
 *	const struct heap_port heap_port_default = {
 *		...
 *		.pending = &pending,
 *	};
 */
#ifndef HEAP_PENDING_H
#define HEAP_PENDING_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The heap's part: heap/pending.c, which only a port that names it links. */
struct heap_pending_calls {
	/*
	 * The beginnings of operations: to allocate n bytes, to free p, to
	 * work on p, which may be NULL.  True: the lock is taken, and *state
	 * is the one to leave with.  False: all has been done and told; *state
	 * is what malloc answers, 0 for NULL.
	 */
	bool (*alloc)(struct heap *h, uintptr_t *state, size_t n,
		      const void *caller);
	bool (*free)(struct heap *h, uintptr_t *state, const void *p,
		     const void *caller);
	bool (*work)(struct heap *h, uintptr_t *state, const void *p,
		     const void *caller);
	/* A request is about to be refused; true when it may be tried again. */
	bool (*again)(struct heap *h, uintptr_t *state, const void *caller);
	/* The heap has other bounds; no block is left. */
	void (*cover)(struct heap *h);
	void (*forget)(struct heap *h);
};

extern const struct heap_pending_calls heap_pending_calls;

/* Constant-initialise; the heap's own members zero.  Lives as long as it. */
struct heap_pending {
	const struct heap_pending_calls *calls;

	/*
	 * Set *word to `to` if it is `from`, and say whether.  One step for
	 * every context that calls the heap.  May say false where that cannot
	 * be: a free there is then told.
	 */
	bool (*swap)(volatile uintptr_t *word, uintptr_t from, uintptr_t to);

	/*
	 * The reserve: `slots` words, zero at first, for blocks of `bytes`
	 * bytes.  Each call from a thread fills one slot that is empty, so
	 * that the first `slots` calls fill it.  An interrupt that finds it
	 * empty gets NULL, one that asks for more than `bytes` is told
	 * besides.  NULL, 0: no reserve.
	 */
	volatile uintptr_t *reserve;
	size_t slots;
	size_t bytes;

	/* The heap's own. */
	struct heap *heap;       /* the first heap that used this */
	volatile uintptr_t list; /* freed in interrupts, last one first      */
	volatile uintptr_t rest; /* what was the list, being freed           */
	volatile uintptr_t now;  /* the one that is, also by a thread        */
	volatile uintptr_t lo;   /* no block lies below, ...                 */
	volatile uintptr_t hi;   /* ... or from here up                      */
	size_t next;             /* the slot to look at next                 */
};

/*
 * swap.c: LDREX and STREX, or what the processor has; on ARMv6-M a few
 * instructions with interrupts masked, and false in an NMI that comes then.
 */
bool heap_swap(volatile uintptr_t *word, uintptr_t from, uintptr_t to);

#ifdef __cplusplus
}
#endif

#endif
