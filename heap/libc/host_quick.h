/* SPDX-License-Identifier: MIT */
/*
 * Quick lists: small blocks that a process with one thread has freed, kept for
 * its next calls of malloc.  To the heap they are used; they are given back to
 * it before it grows, is trimmed or counted.
 *
 * At most QUICK_BYTES wait in blocks of one size, in sizes up to QUICK_SIZE.  A
 * block that waits holds a link and a key, so that freeing it again is found,
 * and most of what is written to it.
 */
#ifndef HEAP_LIBC_HOST_QUICK_H
#define HEAP_LIBC_HOST_QUICK_H

#include "hot.h"

#define QUICK_BYTES ((size_t)2048)
#define QUICK_SIZE  ((size_t)512)
/* The smallest chunk whose payload has room for what follows. */
#define QUICK_LEAST (sizeof(struct quick_block) + HEAP_ALIGN)
#define QUICK_UNITS (QUICK_SIZE / HEAP_ALIGN + 1)

_Static_assert(QUICK_BYTES >= QUICK_SIZE && QUICK_BYTES <= 0xffff,
	       "a block of each size fits, and what is counted");

struct quick_block {
	struct quick_block *next;
	uintptr_t key;
};

struct quick {
	uintptr_t key; /* 0: no block was freed yet */
	/* By bytes of the chunk in units of HEAP_ALIGN; some are always empty. */
	struct quick_block *head[QUICK_UNITS];
	unsigned short bytes[QUICK_UNITS];
};

extern struct quick heap_quick;

/* The list at `unit` was written to by somebody: say so, and forget it. */
void heap_quick_damaged(size_t unit, const void *caller);

/* Does the block at c wait?  Then it is freed for the second time: say so. */
bool heap_quick_is_freed(const struct chunk *c, const void *caller);

/* The list of chunks of `size` bytes, and is it one? */
static WORD_HOT bool quick_unit(size_t size, size_t *unit)
{
	*unit = size / HEAP_ALIGN;
	return size - QUICK_LEAST <= QUICK_SIZE - QUICK_LEAST;
}

/*
 * A block of the list at `unit`, which is one, or NULL.  Then *damaged tells
 * whether heap_quick_damaged has to.
 */
static WORD_HOT void *quick_take(const struct heap *h, size_t unit,
				 bool *damaged)
{
	struct quick_block *p = heap_quick.head[unit];

	*damaged = false;
	if (p == NULL)
		return NULL;
	if (HEAP_CHECK != 0 && (hull_index(bins_hull(&h->bins),
					   mem_to_chunk(p)) >= h->bins.units ||
				p->key != heap_quick.key)) {
		*damaged = true;
		return NULL;
	}
	heap_quick.head[unit] = p->next;
	heap_quick.bytes[unit] -= (unsigned short)(unit * HEAP_ALIGN);
	p->key = 0;
	return p;
}

/*
 * Does the block at c look as if it waited?  The heap takes one that does for a
 * used one, and is not to get it: heap_quick_is_freed has to be asked first.
 */
static WORD_HOT bool quick_is_doubted(const struct heap *h,
				      const struct chunk *c)
{
	const struct quick_block *p = chunk_to_mem(c);
	size_t unit;

	return HEAP_CHECK != 0 &&
	       hull_index(bins_hull(&h->bins), c) < h->bins.units &&
	       quick_unit(chunk_head_size(c), &unit) &&
	       p->key == heap_quick.key;
}

enum quick_gift { QUICK_TAKEN, QUICK_REFUSED, QUICK_DOUBTED };

/*
 * Let the block at c wait.  What costs least is looked at first, so that a call
 * which ends in hot_give has not lost much.
 */
static WORD_HOT enum quick_gift quick_give(const struct heap *h,
					   struct chunk *c)
{
	struct quick_block *p = chunk_to_mem(c);
	size_t size, unit, bytes;

	if (HEAP_CHECK != 0 &&
	    hull_index(bins_hull(&h->bins), c) >= h->bins.units)
		return QUICK_REFUSED;
	size = chunk_head_size(c);
	if (!quick_unit(size, &unit))
		return QUICK_REFUSED;
	if (quick_is_doubted(h, c))
		return QUICK_DOUBTED;
	bytes = heap_quick.bytes[unit] + size;
	if (bytes > QUICK_BYTES)
		return QUICK_REFUSED;
	if (HEAP_CHECK != 0 &&
	    !hot_looks_used(&h->bins, c, bins_hull(&h->bins)))
		return QUICK_REFUSED;
	p->next = heap_quick.head[unit];
	p->key = heap_quick.key;
	heap_quick.head[unit] = p;
	heap_quick.bytes[unit] = (unsigned short)bytes;
	return QUICK_TAKEN;
}

#endif
