/* SPDX-License-Identifier: MIT */
/*
 * L2: the bins.  Free chunks wait here in lists by size; a bitmap tells which
 * lists have any.
 *
 *   bin   1     2     3  ...  16    17        18        19     ...   27
 *   size  8    16    24      128   136..184  192..248  256..376      4 K up
 *         one size each            two bins an octave, several sizes each
 *
 * (32-bit targets with the default knobs; 64-bit ones have twice the sizes and
 * bins up to 31, 32 K up.)  Bin 1
 * holds the tiny chunks, whose links lie elsewhere; see chunk.h.
 *
 * A list ends with NULL.  It begins with the bin's head, which the back link
 * of the first chunk takes for a chunk: the word `head[bin]` is where that
 * chunk's fwd would be (`tiny`, where a tiny chunk's head would be).  So a
 * chunk is unlinked without knowing its bin, and the map is touched only when
 * a bin turns empty or ceases to be.
 *
 * What malloc and free do at every call is inline here; bins.c has the rest.
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
	size_t fast; /* requests below need no lock; see heap_set_fast   */
	size_t map;  /* bit i: bin i has a chunk                         */
	size_t tiny; /* head of bin 1, coded as the head of a tiny chunk */
	struct chunk *head[HEAP_BINS - 2]; /* of bins 2 and up              */
	uintptr_t lo; /* the lowest chunk there can be                    */
	size_t units; /* chunks lie in lo + [0, units) * HEAP_ALIGN       */
	size_t key;   /* of the seals                                     */
	size_t open;  /* units when no lock is needed, else 0             */
	struct damage damage;
};

_Static_assert(HEAP_BINS > HEAP_EXACT_BINS + 1 && HEAP_BINS <= WORD_BITS,
	       "the binmap is one word, and its bit 0 stays clear");
_Static_assert((HEAP_EXACT_BINS & (HEAP_EXACT_BINS - 1)) == 0 &&
		       HEAP_EXACT_BINS >= 2,
	       "the first bin of several sizes starts at an octave");

/* Bins of one size: the number is the size in units of HEAP_ALIGN. */
static inline bool bin_is_exact(size_t size)
{
	return size <= HEAP_EXACT_BINS * HEAP_ALIGN;
}

/*
 * The bin of chunks of `size` bytes when that is no exact one: two an octave,
 * told apart by the second highest bit of the size.  What is too large for
 * the last octave shares the last bin.
 */
__attribute__((const)) static WORD_HOT unsigned bin_of_range(size_t size)
{
	const unsigned first = word_log2(HEAP_EXACT_BINS);
	unsigned bin = word_halves(size / HEAP_ALIGN, first) +
		       (HEAP_EXACT_BINS + 1 - 2 * first);

	return bin < HEAP_BINS ? bin : HEAP_BINS - 1;
}

static inline unsigned bin_of(size_t size)
{
	return bin_is_exact(size) ? (unsigned)(size / HEAP_ALIGN)
				  : bin_of_range(size);
}

/*
 * `lo` of heap h without memory: NULL does not lie there, and of what does, the
 * heap itself, words may be read.
 */
#define BINS_NOWHERE(h) ((uintptr_t)(h))

/*
 * Where chunks lie, lo + [0, units) * HEAP_ALIGN: a copy, which stays in
 * registers while chunks are written to.
 */
struct hull {
	uintptr_t lo;
	size_t units;
};

static WORD_HOT struct hull bins_hull(const struct bins *b)
{
	return (struct hull){b->lo, b->units};
}

/*
 * Where c lies, in units.  The rotation makes misaligned distances huge, so
 * that one compare asks for range and alignment.
 */
static WORD_HOT size_t hull_index(struct hull u, const void *c)
{
	uintptr_t distance = (uintptr_t)c - u.lo;
	unsigned low = (unsigned)(WORD_BITS == 32 ? 3 : 4);

	return distance >> low | distance << (WORD_BITS - low);
}

/*
 * Could a chunk of this heap lie at c, no fence?  Then its first three words
 * may be read, whatever it is.
 */
static WORD_HOT bool hull_may_hold(struct hull u, const void *c)
{
	return hull_index(u, c) < u.units;
}

/*
 * Could a chunk of this heap end at c, that is, a chunk or a fence begin?  Then
 * the words at c and below may be read.
 */
static WORD_HOT bool hull_may_end(struct hull u, const void *c)
{
	return hull_index(u, c) <= u.units;
}

static WORD_HOT bool bins_may_hold(const struct bins *b, const void *c)
{
	return hull_may_hold(bins_hull(b), c);
}

static WORD_HOT bool bins_may_end(const struct bins *b, const void *c)
{
	return hull_may_end(bins_hull(b), c);
}

/*
 * The word that leads to the first chunk of a bin, as a chunk's fwd.  The
 * fields before `head` are there to make the address cheap; those right behind
 * are within reach of a short load on ARMv6-M with the default HEAP_BINS.
 */
static inline struct chunk *bins_dressed(struct bins *b, unsigned bin)
{
	return (struct chunk *)((size_t *)b + bin);
}

/*
 * The bin whose head `back` is; HEAP_BINS or more when it is none.  The
 * rotation makes misaligned distances huge.
 */
static WORD_HOT size_t bins_of_dressed(const struct bins *b,
				       const struct chunk *back)
{
	size_t distance = (uintptr_t)back - (uintptr_t)b;
	unsigned low = (unsigned)(WORD_BITS == 32 ? 2 : 3);

	return distance >> low | distance << (WORD_BITS - low);
}

/* ---- tiny chunks: links in head and foot ------------------------------ */

/* The chunk that a tiny head, or the bin's, leads to. */
static inline struct chunk *tiny_fwd(size_t head)
{
	uintptr_t link = head & ~CHUNK_FLAGS;

	return link > CHUNK_LINK ? (struct chunk *)link : NULL;
}

/* The head of a tiny free chunk, or of the bin, that leads to c or NULL. */
static inline size_t tiny_head(const struct chunk *c)
{
	return (uintptr_t)c | CHUNK_LINK | CHUNK_PREV_USED;
}

static inline size_t tiny_foot(const struct chunk *c)
{
	return ((const size_t *)c)[1];
}

/* The tiny chunk whose head leads to c, or the bin's head dressed as one. */
static inline struct chunk *tiny_back(const struct chunk *c)
{
	return (struct chunk *)(tiny_foot(c) & ~CHUNK_TAG);
}

static inline void tiny_set_back(struct chunk *c, const struct chunk *back)
{
	((size_t *)c)[1] = (uintptr_t)back | CHUNK_TAG;
}

static inline struct chunk *tiny_dressed(struct bins *b)
{
	return (struct chunk *)&b->tiny;
}

/* Make c one and put it into bin 1; false, nothing done, if that is damaged. */
bool heap_tiny_insert(struct bins *b, struct chunk *c);

/* Take free chunk c, coded as a tiny one, out; false as above. */
bool heap_tiny_unlink(struct bins *b, struct chunk *c);

/* ---- all others ------------------------------------------------------- */

/* Does fwd, the one behind c in its list, if any, lead back to c? */
static WORD_HOT bool bins_fwd_agrees(struct hull u, const struct chunk *fwd,
				     const struct chunk *c)
{
	return fwd == NULL || (hull_may_hold(u, fwd) && fwd->back == c);
}

/* Does the foot of free chunk c bear out that it has `size` bytes? */
static WORD_HOT bool bins_foot_agrees(struct hull u, const struct chunk *c,
				      size_t size)
{
	const struct chunk *next = chunk_above(c, size);

	return hull_may_end(u, next) && chunk_prev_foot(next) == size;
}

/*
 * Take free chunk c, not tiny, out of its bin.  False, and nothing done, when
 * its neighbours in the list do not lead to it.
 */
static WORD_HOT bool bins_unlink(struct bins *b, struct hull u, struct chunk *c)
{
	struct chunk *fwd = c->fwd, *back = c->back;
	size_t bin = bins_of_dressed(b, back);

	if (HEAP_CHECK != 0 && bin >= HEAP_BINS && !hull_may_hold(u, back))
		return false;
	if (HEAP_CHECK != 0 && back->fwd != c)
		return false;
	if (fwd != NULL) {
		if (HEAP_CHECK != 0 && !bins_fwd_agrees(u, fwd, c))
			return false;
		fwd->back = back;
	} else if (bin < HEAP_BINS) {
		b->map &= ~((size_t)1 << bin);
	}
	back->fwd = fwd;
	return true;
}

/* [back]->[fwd]  =>  [back]->[ c ]->[fwd], in a bin that stays not empty. */
static inline void bins_link_between(struct chunk *back, struct chunk *c,
				     struct chunk *fwd)
{
	c->fwd = fwd;
	c->back = back;
	back->fwd = c;
	if (fwd != NULL)
		fwd->back = c;
}

/*
 * Put free chunk c of `size` bytes, not tiny, into its bin.  False, and nothing
 * done, when what it would be linked to is damaged.
 */
static WORD_HOT bool bins_link(struct bins *b, struct hull u, struct chunk *c,
			       size_t size)
{
	struct chunk *back, *fwd;
	unsigned bin;

	if (bin_is_exact(size)) {
		bin = (unsigned)(size / HEAP_ALIGN);
		back = bins_dressed(b, bin);
		fwd = back->fwd;
	} else {
		bin = bin_of_range(size);
		back = bins_dressed(b, bin);
		fwd = back->fwd;
		if (HEAP_CHECK != 0 && !bins_fwd_agrees(u, fwd, back))
			return false;
		/* [bin]->[smaller]->...  =>  [bin]->[smaller]->[ c ]->... */
		if (fwd != NULL && !chunk_is_plain_from(fwd, size)) {
			back = fwd;
			fwd = back->fwd;
		}
	}
	if (HEAP_CHECK != 0 && !bins_fwd_agrees(u, fwd, back))
		return false;
	c->fwd = fwd;
	c->back = back;
	back->fwd = c;
	if (fwd != NULL)
		fwd->back = c;
	else
		b->map |= (size_t)1 << bin;
	return true;
}

/*
 * Make [c, c + size) a free chunk and put it into its bin.  False as above.
 */
static WORD_HOT bool bins_insert(struct bins *b, struct hull u, struct chunk *c,
				 size_t size)
{
	if (size == CHUNK_MIN)
		return heap_tiny_insert(b, c) || HEAP_CHECK == 0;
	if (!bins_link(b, u, c, size))
		return false;
	chunk_set_free(c, size);
	return true;
}

/*
 * The one before a chunk that serves `size` bytes, among the HEAP_SEARCH - 1
 * behind c; NULL when there is none.
 */
static WORD_HOT struct chunk *bins_search(struct hull u, struct chunk *c,
					  size_t size)
{
	unsigned n = HEAP_SEARCH;

	while (--n != 0) {
		struct chunk *back = c;

		c = c->fwd;
		if (c == NULL)
			break;
		if (HEAP_CHECK != 0 && !hull_may_hold(u, c))
			return back;
		if (chunk_is_plain_from(c, size))
			return back;
	}
	return NULL;
}

/*
 * Find a free chunk of at least `size` bytes: one of the same bin, of which
 * HEAP_SEARCH are looked at, else the first of the next bin that has any.
 * The chunk before it, whose fwd leads there, or the head of *bin dressed as
 * one; NULL: none.  *bin is 0 where its list does not end with what is found.
 * Bin 1 has tiny chunks.  On a damaged heap there may be no chunk where that
 * leads.  Constant time.
 */
static WORD_HOT struct chunk *bins_find(struct bins *b, struct hull u,
					size_t size, unsigned *bin)
{
	struct chunk *back;
	size_t map;

	if (bin_is_exact(size)) {
		*bin = (unsigned)(size / HEAP_ALIGN);
		map = b->map >> *bin;
	} else {
		*bin = bin_of_range(size);
		map = b->map >> *bin;
		if ((map & 1) != 0) {
			back = bins_dressed(b, *bin);
			if ((HEAP_CHECK != 0 && !hull_may_hold(u, back->fwd)) ||
			    chunk_is_plain_from(back->fwd, size))
				return back;
			back = bins_search(u, back->fwd, size);
			if (back != NULL) {
				*bin = 0;
				return back;
			}
			map--;
		}
	}
	/* A bit of no bin would lead past the control block; 32 bits reach less. */
	if (HEAP_CHECK != 0 && WORD_BITS > 32 && HEAP_BINS < WORD_BITS)
		map &= ((size_t)1 << (HEAP_BINS - *bin)) - 1;
	if (map == 0)
		return NULL;
	*bin += word_lowest(map);
	return bins_dressed(b, *bin);
}

/* ---- where size counts more than speed --------------------------------- */

/*
 * Is c a free chunk, whose size, foot and links can be relied on?  Reads c
 * only when it lies in the heap.  Fills b->damage when not.
 */
bool heap_bins_is_sound(struct bins *b, const struct chunk *c);

bool heap_bins_insert(struct bins *b, struct chunk *c, size_t size);

/* Take free chunk c, sound or looked at before, out of its bin. */
void heap_bins_remove(struct bins *b, struct chunk *c);

/*
 * Undo the removal of c, whose head, foot and links still say what they said.
 * When several were removed, the last one goes back first.
 */
void heap_bins_restore(struct bins *b, struct chunk *c);

/* Could a chunk of `size` bytes be inserted? */
bool heap_bins_accept(struct bins *b, size_t size);

/* Note what is wrong, unless something is noted already; returns false. */
bool heap_bins_blame(struct bins *b, enum heap_fault_kind kind,
		     enum heap_invariant invariant, const struct chunk *c);

/* The first chunk of a bin, NULL when it is empty. */
struct chunk *heap_bins_first(const struct bins *b, unsigned bin);

/* The list neighbour of a free chunk, NULL behind the last. */
struct chunk *heap_bins_fwd(const struct chunk *c);

#endif
