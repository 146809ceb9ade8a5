/* SPDX-License-Identifier: MIT */
/*
 * L3: the debug profile, HEAP_CHECK 3: a layer between the edges of the lock
 * and the engine.  Nothing of it is in other profiles.
 *
 * A block of n bytes is a used chunk with more in it than was asked for:
 *
 *    c ->  +-------------------+   +-------------------+
 *          | head              |   | head              |
 *  mem ->  +-------------------+   +-------------------+
 *          | n bytes, fresh    |   | freed freed freed |
 *          |                   |   | freed freed freed |
 *          | guard, W bytes up |   | freed freed freed |
 *          +-------------------+   +-------------------+
 *          | (accounts) 2 words|   |                   |
 *          | check             |   | check, held       |
 *          | n                 |   | n                 |  trailer
 *          | ~ allocated by    |   | freed by          |
 *          | allocated by      |   | allocated by      |
 * next ->  +-------------------+   +-------------------+
 *              a live block          a held one: freed
 *
 * The guard begins at the first byte that was not asked for.  What was freed is
 * held for a while: to the engine it is used, to everybody else it is free.
 * All memory that is free to the engine, the top included, is filled with
 * `freed` but for head, links and foot of each chunk: what is not, somebody has
 * written to.
 *
 * The lock is held in all of these unless it says otherwise.
 */
#ifndef HEAP_DEBUG_H
#define HEAP_DEBUG_H

#include "bins.h"

struct heap;

/* Ends a used chunk.  The words that an overrun reaches last are those that
 * tell most. */
struct trailer {
	uintptr_t tag[2];   /* for accounts, see accounts.h; else 0 */
	uintptr_t check;    /* over this, the head's size and its address */
	size_t asked;       /* bytes that the program asked for           */
	uintptr_t freed_by; /* while live: ~allocated_by               */
	uintptr_t allocated_by;
};

/* At least so many bytes between the block and its trailer. */
#define GUARD_MIN WORD_SIZE

/* The largest request that the debug profile serves. */
#define DEBUG_MAX (CHUNK_PAYLOAD_MAX - GUARD_MIN - sizeof(struct trailer))

/* What the debug profile adds to struct heap. */
struct debug {
	/* The ring of held blocks, the oldest at `first`. */
	struct chunk *held[HEAP_QUARANTINE + 1];
	unsigned first;
	unsigned count;
	size_t bytes; /* of their chunks */
	/* The tour that checks a slice at a time; see slice.c. */
	const struct chunk *at;    /* next chunk; NULL: start anew        */
	const struct chunk *base;  /* of the segment that `at` is in      */
	const struct chunk *fence; /* its end; NULL: the current segment  */
	size_t older;              /* how many segments back that is      */
	size_t segments;           /* h->older when the tour began        */
	size_t waited;             /* operations since the last slice     */
	size_t unproved;           /* operations since the last proof     */
};

/* ---- debug.c: blocks --------------------------------------------------- */

/*
 * heap_take and heap_give of the debug profile, for n bytes and a block.
 * Caller: who is named for them.
 */
struct chunk *heap_debug_alloc(struct heap *h, size_t n, const void *caller);
bool heap_debug_free(struct heap *h, void *p, const void *caller);

/* The live block behind mem, or NULL with bins.damage filled. */
struct chunk *heap_debug_inspect(struct heap *h, const void *mem);

/* Bytes of the chunk of a block of n bytes; 0 when there could be none. */
size_t heap_debug_size_for(size_t n);

/* The largest block that so many bytes of payload serve. */
size_t heap_debug_fits(size_t payload);

/*
 * A chunk from the engine, where nobody has written meanwhile; for its sake
 * held blocks are let go.  NULL: no more, or bins.damage filled.  The chunk has
 * no trailer yet.
 */
struct chunk *heap_debug_take(struct heap *h, size_t size);

/* Never give used chunk c out again; bins.damage tells why. */
void heap_debug_shun(struct heap *h, struct chunk *c);

/* What is held is not in use; what was taken to be given back is no peak. */
void heap_debug_settle(struct heap *h, size_t peak);

/* Tell a tool of the port which bytes are the program's. */
void heap_debug_shade(const struct heap *h, enum heap_shade what,
		      const struct chunk *c, size_t n, size_t was);

/* Make used chunk c a live block of n bytes; the first `kept` stay. */
void heap_debug_dress(struct heap *h, struct chunk *c, size_t n, size_t kept,
		      const void *caller);

/* Make live block c a held one, or free. */
void heap_debug_bury(struct heap *h, struct chunk *c, const void *caller);

/* Give chunk c back to the engine.  False, bins.damage filled: it stays. */
bool heap_debug_release(struct heap *h, struct chunk *c);

/* Bytes that the program asked for. */
size_t heap_debug_asked(const struct chunk *c);

/*
 * The two words that accounts have in the trailer of live block c; who has
 * written to them signs the trailer again.
 */
uintptr_t *heap_debug_tag(const struct chunk *c);
void heap_debug_sign(const struct heap *h, const struct chunk *c);

#if HEAP_CHECK >= 3
/* The trailer of used chunk c, if it has a true one. */
const struct trailer *heap_debug_trailer(const struct heap *h,
					 const struct chunk *c);

/* As it, and also one of which an overrun has left but the callers. */
uintptr_t heap_debug_allocator(const struct heap *h, const struct chunk *c);

/* Is c, whose header is sound, a held block? */
bool heap_debug_is_held(const struct heap *h, const struct chunk *c);
#else
/* Nobody asks; but a compiler that does not optimize keeps the questions. */
static inline const struct trailer *heap_debug_trailer(const struct heap *h,
						       const struct chunk *c)
{
	(void)h;
	(void)c;
	return NULL;
}

static inline uintptr_t heap_debug_allocator(const struct heap *h,
					     const struct chunk *c)
{
	(void)h;
	(void)c;
	return 0;
}

static inline bool heap_debug_is_held(const struct heap *h,
				      const struct chunk *c)
{
	(void)h;
	(void)c;
	return false;
}
#endif

/*
 * I10 of chunk c, used or free, whose head, and foot or seal, are right; of
 * fill at most so many bytes are looked at.
 */
bool heap_debug_is_intact(const struct heap *h, const struct chunk *c,
			  size_t most);

/* ---- debug_resize.c: whole operations, the lock not held ---------------- */

void *heap_debug_resize(struct heap *h, void *p, size_t n, const void *caller);
void *heap_debug_align(struct heap *h, size_t align, size_t n,
		       const void *caller);

/* ---- quarantine.c ------------------------------------------------------- */

/*
 * Hold block c, which was freed: false when it is too large for that.  May let
 * go older ones.
 */
bool heap_quarantine_put(struct heap *h, struct chunk *c);

/* Let go of all; false when damage was found: bins.damage. */
bool heap_quarantine_drain(struct heap *h);

/* ---- fill.c -------------------------------------------------------------- */

/* Fill [from, to) as memory that was freed, or that nobody has had. */
void heap_fill_freed(void *from, const void *to);
void heap_fill_fresh(void *from, const void *to);

/* Is [from, to), whole words, filled as freed? */
bool heap_fill_is_freed(const void *from, const void *to);

/*
 * Chunk c of `size` bytes was freed, and is part of the free chunk at `start`
 * or of the top: fill it and what its neighbours had of their own, but for the
 * words that the engine needs.
 */
void heap_fill_seam(struct heap *h, struct chunk *start, struct chunk *c,
		    size_t size);

/* The memory from `start` on is the current segment's now. */
void heap_debug_attach(struct heap *h, uintptr_t start);

/* All blocks are gone: nothing is held, and all that is free is filled. */
void heap_debug_reset(struct heap *h);

/* The heap ends: its memory is its owner's. */
void heap_debug_end(struct heap *h);

/* ---- slice.c ------------------------------------------------------------- */

/* The end of an operation: HEAP_OK, or what a slice of the heap has shown. */
#if HEAP_CHECK >= 3
enum heap_invariant heap_slice_check(struct heap *h, const struct chunk **bad);
#else
static inline enum heap_invariant heap_slice_check(struct heap *h,
						   const struct chunk **bad)
{
	(void)h;
	(void)bad;
	return HEAP_OK;
}
#endif

/* What was between start and end is one chunk now: no tour stops inside. */
void heap_slice_merged(struct heap *h, const void *start, const void *end);

#endif
