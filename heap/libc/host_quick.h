/* SPDX-License-Identifier: MIT */
/*
 * Quick lists: small blocks that a process with one thread has freed, kept for
 * its next calls of malloc.  To the heap they are used; they are given back to
 * it before it is trimmed, counted, or says that it has no more.
 *
 * At most QUICK_MOST blocks of a size wait, in sizes up to QUICK_SIZE.  A block
 * that waits holds a link and a key, so that freeing it again is found, and
 * most of what is written to it.
 */
#ifndef HEAP_LIBC_HOST_QUICK_H
#define HEAP_LIBC_HOST_QUICK_H

#include "hot.h"

#define QUICK_MOST 8
#define QUICK_SIZE ((size_t)512)

struct quick_block {
	struct quick_block *next;
	uintptr_t key;
};

struct quick {
	uintptr_t key; /* 0: no block was freed yet */
	/* By bytes of the chunk in units of HEAP_ALIGN; 0 and 1 are empty. */
	struct quick_block *head[QUICK_SIZE / HEAP_ALIGN + 1];
	unsigned char count[QUICK_SIZE / HEAP_ALIGN + 1];
};

extern struct quick heap_quick;

/* The list at `unit` was written to by somebody: say so, and forget it. */
void heap_quick_damaged(size_t unit, const void *caller);

/* Does a block wait?  Then it is freed for the second time: say so. */
bool heap_quick_is_freed(size_t unit, const struct quick_block *p,
			 const void *caller);

/* A block of `size` bytes of chunk, or NULL. */
static WORD_HOT void *quick_take(const struct heap *h, size_t size,
				 const void *caller)
{
	size_t unit = size / HEAP_ALIGN;
	struct quick_block *p;

	if (size > QUICK_SIZE)
		return NULL;
	p = heap_quick.head[unit];
	if (p == NULL)
		return NULL;
	if (HEAP_CHECK != 0 && (hull_index(bins_hull(&h->bins),
					   mem_to_chunk(p)) >= h->bins.units ||
				p->key != heap_quick.key)) {
		heap_quick_damaged(unit, caller);
		return NULL;
	}
	heap_quick.head[unit] = p->next;
	heap_quick.count[unit]--;
	p->key = 0;
	return p;
}

/*
 * Let the block at c wait; false when it cannot.  What costs least is looked at
 * first, so that a call which ends in hot_give has not lost much.
 */
static WORD_HOT bool quick_give(const struct heap *h, struct chunk *c,
				const void *caller)
{
	struct quick_block *p = chunk_to_mem(c);
	size_t unit;

	if (HEAP_CHECK != 0 &&
	    hull_index(bins_hull(&h->bins), c) >= h->bins.units)
		return false;
	unit = chunk_head_size(c) / HEAP_ALIGN;
	if (unit - 2 > QUICK_SIZE / HEAP_ALIGN - 2)
		return false;
	/* The heap takes one that waits for a used one: it is not to get it. */
	if (heap_quick.count[unit] >= QUICK_MOST)
		return HEAP_CHECK != 0 && p->key == heap_quick.key &&
		       heap_quick_is_freed(unit, p, caller);
	if (HEAP_CHECK != 0 && !hot_looks_used(&h->bins, c, h->bins.units))
		return false;
	if (HEAP_CHECK != 0 && p->key == heap_quick.key &&
	    heap_quick_is_freed(unit, p, caller))
		return true;
	p->next = heap_quick.head[unit];
	p->key = heap_quick.key;
	heap_quick.head[unit] = p;
	heap_quick.count[unit]++;
	return true;
}

#endif
