/* SPDX-License-Identifier: MIT */
/*
 * L2: the bins.  Free chunks wait here in lists by size; a bitmap tells which
 * lists have any.
 *
 *   bin   1     2     3  ...  16    17        18        19     ...   31
 *   size  8    16    24      128   136..184  192..248  256..376      16 K up
 *         one size each            two bins an octave, several sizes each
 *
 * (32-bit targets with the default knobs; double it on 64-bit ones.)  Bin 1
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
	size_t fast; /* requests below need no lock; see struct heap      */
	size_t map;  /* bit i: bin i has a chunk                         */
	size_t tiny; /* head of bin 1, coded as the head of a tiny chunk */
	struct chunk *head[HEAP_BINS - 2]; /* of bins 2 and up              */
	uintptr_t lo;    /* the lowest chunk there can be                    */
	size_t units;    /* chunks lie in lo + [0, units) * HEAP_ALIGN       */
	size_t key;      /* of the seals                                     */
	uintptr_t floor; /* words may be read in floor + [0, words) * W:    */
	size_t words;    /* the control block, all segments, what is between */
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
__attribute__((const)) static inline unsigned bin_of_range(size_t size)
{
	const unsigned first = word_log2(HEAP_EXACT_BINS);
	size_t units = size / HEAP_ALIGN;
	unsigned octave = word_highest(units, first);
	unsigned bin = 2 * octave + (unsigned)(units >> (octave - 1)) +
		       (HEAP_EXACT_BINS - 2 * first - 1);

	return bin < HEAP_BINS ? bin : HEAP_BINS - 1;
}

static inline unsigned bin_of(size_t size)
{
	return bin_is_exact(size) ? (unsigned)(size / HEAP_ALIGN)
				  : bin_of_range(size);
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

/*
 * May the words at c be read?  Keeps a damaged link from leading the processor
 * astray; whether there is a chunk, and the right one, its back link tells.
 */
static inline bool bins_may_read(const struct bins *b, const void *c)
{
	uintptr_t distance = (uintptr_t)c - b->floor;
	unsigned low = (unsigned)(WORD_BITS == 32 ? 2 : 3);

	return (distance >> low | distance << (WORD_BITS - low)) < b->words;
}

/*
 * The word that leads to the first chunk of a bin, as a chunk's fwd.  The
 * fields before `head` are there to make the address cheap.
 */
static inline struct chunk *bins_dressed(struct bins *b, unsigned bin)
{
	return (struct chunk *)((size_t *)b + bin);
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

/* The tiny chunk whose head leads to c, or the bin's head dressed as one. */
static inline struct chunk *tiny_back(const struct chunk *c)
{
	return (struct chunk *)(((const size_t *)c)[1] & ~CHUNK_TAG);
}

static inline void tiny_set_back(struct chunk *c, const struct chunk *back)
{
	((size_t *)c)[1] = (uintptr_t)back | CHUNK_TAG;
}

static inline struct chunk *tiny_dressed(struct bins *b)
{
	return (struct chunk *)&b->tiny;
}

static inline void tiny_insert(struct bins *b, struct chunk *c)
{
	struct chunk *first = tiny_fwd(b->tiny);

	if (first != NULL)
		tiny_set_back(first, c);
	else
		b->map |= 2;
	c->head = tiny_head(first);
	tiny_set_back(c, tiny_dressed(b));
	b->tiny = tiny_head(c);
}

static inline void tiny_remove(struct bins *b, struct chunk *c)
{
	struct chunk *fwd = tiny_fwd(c->head), *back = tiny_back(c);

	back->head = tiny_head(fwd);
	if (fwd != NULL)
		tiny_set_back(fwd, back);
	else if (back == tiny_dressed(b))
		b->map &= ~(size_t)2;
}

/* ---- all others ------------------------------------------------------- */

/* The last chunk of a list goes: if it was the first too, the bin is empty. */
static WORD_HOT void bins_emptied(struct bins *b, const struct chunk *back)
{
	size_t bin = ((uintptr_t)back - (uintptr_t)b) / WORD_SIZE;

	if (bin < HEAP_BINS)
		b->map &= ~((size_t)1 << bin);
}

/* Take a sound free chunk that is not tiny out of its bin. */
static WORD_HOT void bins_unlink(struct bins *b, struct chunk *c)
{
	struct chunk *fwd = c->fwd, *back = c->back;

	back->fwd = fwd;
	if (fwd != NULL)
		fwd->back = back;
	else
		bins_emptied(b, back);
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

/* ---- both ------------------------------------------------------------- */

/* Take a sound free chunk out of its bin; its size. */
static WORD_HOT size_t bins_remove(struct bins *b, struct chunk *c)
{
	if (chunk_is_tiny(c)) {
		tiny_remove(b, c);
		return CHUNK_MIN;
	}
	bins_unlink(b, c);
	return chunk_plain_size(c);
}

/*
 * The one before a chunk that serves `size` bytes, among the first HEAP_SEARCH
 * of a bin that is not empty; NULL when there is none.
 */
static WORD_HOT struct chunk *bins_search(struct bins *b, unsigned bin,
					  size_t size)
{
	struct chunk *back = bins_dressed(b, bin), *c = back->fwd;
	unsigned n = HEAP_SEARCH;

	do {
		if (HEAP_CHECK != 0 && !bins_may_read(b, c))
			return back;
		if (chunk_plain_size(c) >= size)
			return back;
		back = c;
		c = c->fwd;
	} while (c != NULL && --n != 0);
	return NULL;
}

enum bins_found { BINS_NONE, BINS_TINY, BINS_CHUNK };

/*
 * Find a free chunk of at least `size` bytes: one of the same bin, of which
 * HEAP_SEARCH are looked at, else the first of the next bin that has any.
 * BINS_CHUNK: *back is the chunk before it, whose fwd leads there, or the
 * bin's head dressed as one.  BINS_TINY: the first tiny chunk.  On a damaged
 * heap there may be no chunk where that leads.  Constant time.
 */
static WORD_HOT enum bins_found bins_find(struct bins *b, size_t size,
					  struct chunk **back)
{
	unsigned bin;
	size_t map;

	if (bin_is_exact(size)) {
		bin = (unsigned)(size / HEAP_ALIGN);
		map = b->map >> bin;
		if ((map & 1) != 0) {
			*back = bins_dressed(b, bin);
			return bin == 1 ? BINS_TINY : BINS_CHUNK;
		}
	} else {
		bin = bin_of_range(size);
		map = b->map >> bin;
		if ((map & 1) != 0) {
			*back = bins_search(b, bin, size);
			if (*back != NULL)
				return BINS_CHUNK;
			map--;
		}
	}
	if (map == 0)
		return BINS_NONE;
	*back = bins_dressed(b, bin + word_lowest(map));
	return BINS_CHUNK;
}

/* ---- looked at before it is relied on ---------------------------------- */

/* Does the chunk behind c in its list, if any, lead back to c? */
static WORD_HOT bool bins_fwd_agrees(const struct bins *b,
				     const struct chunk *fwd,
				     const struct chunk *c)
{
	return fwd == NULL || (bins_may_read(b, fwd) && fwd->back == c);
}

/* Do the neighbours in the list of c, not tiny, lead to it? */
static WORD_HOT bool bins_links_agree(const struct bins *b,
				      const struct chunk *c)
{
	return bins_may_read(b, c->back) && c->back->fwd == c &&
	       bins_fwd_agrees(b, c->fwd, c);
}

/* The same, and is the one before it `back`? */
static WORD_HOT bool bins_back_agrees(const struct bins *b,
				      const struct chunk *c,
				      const struct chunk *back)
{
	return bins_may_read(b, c) && c->back == back &&
	       bins_fwd_agrees(b, c->fwd, c);
}

/* Does the foot of c, free and not tiny, bear out its head? */
static WORD_HOT bool bins_foot_agrees(const struct bins *b,
				      const struct chunk *c)
{
	size_t size = chunk_plain_size(c);
	const struct chunk *next = chunk_above(c, size);

	return bins_may_read(b, next) && chunk_prev_foot(next) == size;
}

/* Likewise a tiny one. */
bool heap_tiny_accepts(const struct bins *b);

/* Do head and foot of c, tiny and free, lead to chunks that lead back? */
bool heap_tiny_links_agree(const struct bins *b, const struct chunk *c);

/*
 * Put free chunk c of `size` bytes, not tiny, into its bin.  False, and nothing
 * done, when what it would be linked to is damaged.
 */
static WORD_HOT bool bins_link(struct bins *b, struct chunk *c, size_t size)
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
		if (HEAP_CHECK != 0 && !bins_fwd_agrees(b, fwd, back))
			return false;
		/* [bin]->[smaller]->...  =>  [bin]->[smaller]->[ c ]->... */
		if (fwd != NULL && size > chunk_plain_size(fwd)) {
			back = fwd;
			fwd = back->fwd;
		}
	}
	if (HEAP_CHECK != 0 && !bins_fwd_agrees(b, fwd, back))
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
static WORD_HOT bool bins_insert(struct bins *b, struct chunk *c, size_t size)
{
	if (size == CHUNK_MIN) {
		if (HEAP_CHECK != 0 && !heap_tiny_accepts(b))
			return false;
		tiny_insert(b, c);
		return true;
	}
	if (!bins_link(b, c, size))
		return false;
	chunk_set_free(c, size);
	return true;
}

/*
 * Is c a free chunk, whose size, foot and links can be relied on?  Reads c
 * only when it lies in the heap.  Fills b->damage when not.
 */
bool heap_bins_is_sound(struct bins *b, const struct chunk *c);

/* The same as without heap_, for where size counts more than speed. */
bool heap_bins_insert(struct bins *b, struct chunk *c, size_t size);
size_t heap_bins_remove(struct bins *b, struct chunk *c);

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
