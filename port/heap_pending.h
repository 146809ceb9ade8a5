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
	/* Where the lock does not reach. */
	void (*free)(struct heap *h, void *p, const void *caller);
	void *(*alloc)(struct heap *h, size_t n, const void *caller);
	/*
	 * Where it does, and is held; *state is the one to leave with.
	 * begin: first of an operation; false when mem is pending, told.
	 * again: before a request is refused; true when it may be tried.
	 * cover: the heap has other bounds; forget: no block is left.
	 */
	bool (*begin)(struct heap *h, uintptr_t *state, const void *mem,
		      bool frees, const void *caller);
	bool (*again)(struct heap *h, uintptr_t *state, const void *caller);
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
