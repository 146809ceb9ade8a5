/* SPDX-License-Identifier: MIT */
/*
 * L1: the boundary tag, and the accessors through which others see the bits of
 * a chunk; no lists.  How a tiny free chunk codes its links is in bins.h.
 *
 * A chunk.  W is a word: 4 bytes on 32-bit targets, 8 on 64-bit.
 *
 *            used                free, 4 words up      free, 2 words ("tiny")
 *    c ->  +-----------+-+-+   +-----------+-+-+       +-------------+-+-+
 *          | S | size  |P|1|   | size      |1|0| head  | fwd       |W|1|0|
 *  mem ->  +-----------+-+-+   +-----------+-+-+       +-------------+-+-+
 *          | payload       |   | fwd           | links | back          |1| foot
 *          |               |   | back          |       +---------------+-+
 *          |               |   | (not touched) |
 *          |               |   | size        |0| foot
 * next ->  +---------------+   +---------------+
 *
 * size  bytes from c to next: a multiple of HEAP_ALIGN = 2 W
 * 1, 0  the lowest bit: used or free
 * P     the previous chunk is used.  Always 1 in a free chunk, since two free
 *       neighbours would have been coalesced
 * S     seal: a parity over head, address and key, see chunk_is_sealed; 0
 *       where HEAP_CHECK is 0
 * fwd   next free chunk of the bin, NULL in the last
 * back  the free chunk that leads here, or the bin's head dressed as one
 * mem   is HEAP_ALIGN-aligned, so c lies W below such an address.  Hence bit W
 *       of a chunk's address is always set, which marks the head of a tiny
 *       free chunk as a link: bit W of a size is always clear
 * foot  of a free chunk: size, or, lowest bit set, the back link of a tiny one
 *
 * A fence is a used chunk of size 0; it ends a segment.
 */
#ifndef HEAP_CHUNK_H
#define HEAP_CHUNK_H

#include "heap_config.h"
#include "word.h"

struct chunk {
	size_t head;
	struct chunk *fwd;  /* valid while free, in 4 words and more */
	struct chunk *back; /* likewise */
};

#define CHUNK_USED      ((size_t)1)
#define CHUNK_PREV_USED ((size_t)2)
#define CHUNK_FLAGS     (CHUNK_USED | CHUNK_PREV_USED)
#define CHUNK_LINK      WORD_SIZE   /* this bit of a head: a tiny free chunk */
#define CHUNK_TAG       ((size_t)1) /* this bit of a foot: likewise */
#define CHUNK_MIN       HEAP_ALIGN

/* The size of a chunk fits its field: it is below HEAP_CHUNK_MAX. */
#define CHUNK_PAYLOAD_MAX (HEAP_CHUNK_MAX - HEAP_ALIGN - WORD_SIZE)

#define CHUNK_SEAL_BITS   (WORD_BITS - HEAP_CHUNK_BITS)
/* Without seals no bit of a head is above the size: a shorter mask. */
#define CHUNK_SIZE_MASK                                                        \
	((HEAP_CHECK == 0 ? SIZE_MAX : HEAP_CHUNK_MAX - 1) & ~(HEAP_ALIGN - 1))

_Static_assert((HEAP_ALIGN & (HEAP_ALIGN - 1)) == 0,
	       "the alignment is a power of two");
_Static_assert(CHUNK_MIN == 2 * WORD_SIZE,
	       "a tiny free chunk is exactly a head and a foot");
_Static_assert((CHUNK_FLAGS & CHUNK_LINK) == 0 && CHUNK_LINK < HEAP_ALIGN,
	       "flags and the link mark must fit below the alignment");
_Static_assert((CHUNK_SEAL_BITS & (CHUNK_SEAL_BITS - 1)) == 0 &&
		       CHUNK_SEAL_BITS >= 4 && CHUNK_SEAL_BITS <= 16,
	       "HEAP_CHUNK_BITS must leave 4, 8 or 16 bits for the seal");

static inline void *chunk_to_mem(const struct chunk *c)
{
	return (void *)((uintptr_t)c + WORD_SIZE);
}

static inline struct chunk *mem_to_chunk(const void *mem)
{
	return (struct chunk *)((uintptr_t)mem - WORD_SIZE);
}

/* The chunk or word that lies n bytes above or below c. */
static inline struct chunk *chunk_above(const struct chunk *c, size_t n)
{
	return (struct chunk *)((uintptr_t)c + n);
}

static inline struct chunk *chunk_below(const struct chunk *c, size_t n)
{
	return (struct chunk *)((uintptr_t)c - n);
}

/* Bytes from `from` up to `to`. */
static inline size_t chunk_span(const struct chunk *from,
				const struct chunk *to)
{
	return (size_t)((uintptr_t)to - (uintptr_t)from);
}

static inline bool chunk_is_used(const struct chunk *c)
{
	return (c->head & CHUNK_USED) != 0;
}

static inline bool chunk_is_prev_used(const struct chunk *c)
{
	return (c->head & CHUNK_PREV_USED) != 0;
}

/* Of a chunk that is free. */
static inline bool chunk_is_tiny(const struct chunk *c)
{
	return (c->head & CHUNK_LINK) != 0;
}

/* Of a used chunk. */
static inline size_t chunk_head_size(const struct chunk *c)
{
	return c->head & CHUNK_SIZE_MASK;
}

/* Of a free chunk that is not tiny, whose flags are what they are. */
static inline size_t chunk_plain_size(const struct chunk *c)
{
	return c->head - CHUNK_PREV_USED;
}

/* Is it of `size` bytes or more?  The flag only makes its head larger. */
static inline bool chunk_is_plain_from(const struct chunk *c, size_t size)
{
	return c->head > size;
}

/* Of a free chunk: a size, whatever the head. */
static inline size_t chunk_free_size(const struct chunk *c)
{
	return chunk_is_tiny(c) ? CHUNK_MIN : c->head & ~(HEAP_ALIGN - 1);
}

static inline size_t chunk_size(const struct chunk *c)
{
	return chunk_is_used(c) ? chunk_head_size(c) : chunk_free_size(c);
}

static inline struct chunk *chunk_next_used(const struct chunk *c)
{
	return chunk_above(c, chunk_head_size(c));
}

static inline struct chunk *chunk_next(const struct chunk *c)
{
	return chunk_above(c, chunk_size(c));
}

/*
 * The last word below c.  It belongs to the previous chunk: its foot when that
 * chunk is free, payload when it is used.
 */
static inline size_t chunk_prev_foot(const struct chunk *c)
{
	return ((const size_t *)c)[-1];
}

/* Bytes of the free chunk whose foot this is. */
static inline size_t chunk_foot_size(size_t foot)
{
	return (foot & CHUNK_TAG) != 0 ? CHUNK_MIN : foot;
}

/*
 * The seal of a used chunk.  Lanes of CHUNK_SEAL_BITS of head and address are
 * xored; the seal is the lane that makes the sum the key.  So any change of
 * one bit, and all but one of 2^CHUNK_SEAL_BITS random changes of a head,
 * show; and so does a pointer into the middle of a block.  A xor, not a
 * product, because a flag can then be flipped together with its bit of the
 * seal by one constant.  A key is one lane, where the seal lies.
 *
 * A free chunk has no seal: its head and its foot say the same.  Nor has a
 * fence: it is one of two words.
 */
static WORD_HOT size_t chunk_parity(size_t x)
{
	if (WORD_BITS > 32)
		x ^= x >> (WORD_BITS / 2);
	x ^= x >> 16;
	if (CHUNK_SEAL_BITS <= 8)
		x ^= x >> 8;
	if (CHUNK_SEAL_BITS <= 4)
		x ^= x >> 4;
	return x << HEAP_CHUNK_BITS;
}

/* The head of used chunk c for `low`, its size and flags. */
static WORD_HOT size_t chunk_sealed(const struct chunk *c, size_t low,
				    size_t key)
{
	if (HEAP_CHECK == 0)
		return low;
	return low | (chunk_parity(low ^ (uintptr_t)c) ^ key);
}

static WORD_HOT bool chunk_is_sealed(const struct chunk *c, size_t key)
{
	return chunk_parity(c->head ^ (uintptr_t)c) == key;
}

/* Make c a used chunk; `low` is its size and flags. */
static WORD_HOT void chunk_set_used(struct chunk *c, size_t low, size_t key)
{
	c->head = chunk_sealed(c, low, key);
}

/* The prev-used flag and its bit of the seal. */
#define CHUNK_FLIP                                                             \
	(HEAP_CHECK == 0                                                       \
		 ? CHUNK_PREV_USED                                             \
		 : CHUNK_PREV_USED | CHUNK_PREV_USED << HEAP_CHUNK_BITS)

/* Turn the prev-used flag of a used chunk over; its seal holds. */
static inline void chunk_flip_prev_used(struct chunk *c)
{
	c->head ^= CHUNK_FLIP;
}

/* The head of a fence below which all is used. */
#define FENCE (CHUNK_USED | CHUNK_PREV_USED)

static inline bool chunk_is_fence(const struct chunk *c)
{
	return c->head == FENCE || c->head == (FENCE ^ CHUNK_FLIP);
}

/*
 * Make [c, c + size) a free chunk with head and foot; links are the bin's job.
 * A tiny one has no head and foot but its links.
 */
static WORD_HOT void chunk_set_free(struct chunk *c, size_t size)
{
	c->head = size | CHUNK_PREV_USED;
	((size_t *)chunk_above(c, size))[-1] = size;
}

/* The head of a free chunk of `size` bytes that is not tiny. */
static WORD_HOT bool chunk_is_free_of(const struct chunk *c, size_t size)
{
	return c->head == (size | CHUNK_PREV_USED);
}

/* Mark a header that is being swallowed, so that a second free is found. */
static inline void chunk_forget(struct chunk *c)
{
	if (HEAP_CHECK != 0)
		c->head = 0;
}

/* Bytes of chunk that serve n bytes of payload, when n is not too large. */
static inline size_t chunk_round(size_t n)
{
	/* n = 0 makes the smallest chunk too: W + ALIGN - 1 >= ALIGN. */
	return align_up(n + WORD_SIZE, HEAP_ALIGN);
}

/* The same; 0 when no chunk could. */
static inline size_t chunk_size_for(size_t n)
{
	return n <= CHUNK_PAYLOAD_MAX ? chunk_round(n) : 0;
}

#endif
