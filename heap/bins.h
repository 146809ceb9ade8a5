/* SPDX-License-Identifier: MIT */
/*
 * L2: the bins.  Free chunks wait here in lists by size; a bitmap tells which
 * lists have any.
 *
 *   bin   0     1     2  ...  15    16        17        18     ...   31
 *   size  8    16    24      128   136..184  192..248  256..376      24 K up
 *         one size each            two bins an octave, several sizes each
 *
 * (32-bit targets with the default knobs; double it on 64-bit ones.)  Bin 0
 * holds the tiny chunks, whose links lie elsewhere; see chunk.h.
 *
 * A list ends with NULL, and its first chunk's back link is the address of the
 * bin's head, so that a chunk can be unlinked without knowing its bin.
 */
#ifndef HEAP_BINS_H
#define HEAP_BINS_H

#include "chunk.h"
#include "heap_port.h"

/* What a check found, until it is reported after the lock is released. */
struct damage {
	enum heap_fault_kind kind;
	enum heap_invariant invariant;
	const struct chunk *chunk;
};

struct bins {
	size_t map;     /* bit i: bin i has a chunk                        */
	uintptr_t lo;   /* the lowest chunk there can be                   */
	size_t units;   /* chunks lie in lo + [0, units) * HEAP_ALIGN      */
	size_t key;     /* of the seals                                    */
	struct damage damage;
	size_t tiny;    /* head of bin 0, coded as the head of a tiny chunk */
	struct chunk *head[HEAP_BINS - 1]; /* of bins 1 and up             */
};

_Static_assert(HEAP_BINS > HEAP_EXACT_BINS && HEAP_BINS <= WORD_BITS,
               "the binmap is one word");
_Static_assert((HEAP_EXACT_BINS & (HEAP_EXACT_BINS - 1)) == 0 &&
                       HEAP_EXACT_BINS >= 2,
               "the first bin of several sizes starts at an octave");

/* The bin of chunks of `size` bytes. */
static inline unsigned bin_of(size_t size)
{
	size_t units = size / HEAP_ALIGN;

	if (units <= HEAP_EXACT_BINS)
		return (unsigned)units - 1;

	/* Two an octave: the two highest bits of the size count on. */
	unsigned octave = word_highest(units);
	unsigned bin = 2 * octave + (unsigned)(units >> (octave - 1));

	bin -= 2 * word_highest(HEAP_EXACT_BINS) + 2;
	bin += HEAP_EXACT_BINS;
	return bin < HEAP_BINS ? bin : HEAP_BINS - 1;
}

/*
 * Could a chunk of this heap lie at c?  Range and alignment in one compare:
 * the rotation makes misaligned distances huge.
 */
static inline bool bins_may_hold(const struct bins *b, const void *c)
{
	uintptr_t distance = (uintptr_t)c - b->lo;
	unsigned low = (unsigned)(WORD_BITS == 32 ? 3 : 4);

	return (distance >> low | distance << (WORD_BITS - low)) < b->units;
}

/* The first chunk of a bin, NULL when it is empty. */
struct chunk *bins_first(const struct bins *b, unsigned bin);

/* The list neighbour of a free chunk, NULL behind the last. */
struct chunk *bins_fwd(const struct chunk *c);

/*
 * A free chunk of at least `size` bytes, still in its bin: one of the same
 * bin, of which HEAP_SEARCH are looked at, else the first of the next bin that
 * has any; NULL when there is none.  On a damaged heap the answer may be no
 * chunk at all: bins_is_sound tells.  Constant time.
 */
struct chunk *bins_find(const struct bins *b, size_t size);

/*
 * Is c really a free chunk, whose size, foot and links can be relied on?
 * Reads c only when it lies in the heap.  Fills b->damage when not.
 */
bool bins_is_sound(struct bins *b, const struct chunk *c);

/* Can a chunk of `size` bytes be inserted?  Fills b->damage when not. */
bool bins_accept(struct bins *b, size_t size);

/*
 * Make [c, c + size) a free chunk and put it into its bin: first, or second
 * when the first is smaller, which keeps the tighter fit in front.
 */
void bins_insert(struct bins *b, struct chunk *c, size_t size);

/* Take a sound free chunk out of its bin. */
void bins_remove(struct bins *b, struct chunk *c);

/* Note what is wrong, unless something is noted already; returns false. */
bool bins_blame(struct bins *b, enum heap_fault_kind kind,
                enum heap_invariant invariant, const struct chunk *c);

#endif
