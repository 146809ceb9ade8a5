/* SPDX-License-Identifier: MIT */
/*
 * heap: a malloc for machines without an operating system.
 *
 * Common to all calls.  Sizes are bytes.  `h` is never NULL.  Blocks are
 * aligned to HEAP_ALIGN (8 on 32-bit targets, 16 on 64-bit).  Every call takes
 * the port's lock once or twice for a bounded number of instructions; it may
 * run before main, after it, and in any context that the lock excludes (see
 * heap_port.h).  An invalid pointer is reported to the port's `fault` before
 * anything is written; if that returns, the call has no effect and answers
 * NULL, 0 or nothing.  Nothing here sets errno, prints or aborts.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap_config.h"
#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
/* The function heap_stats hides the constructor of the struct, to no harm. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif

struct heap;

/* The heap behind malloc: constant-initialised, grows through its port. */
extern struct heap heap_default;

/* ---- blocks ---------------------------------------------------------- */

/*
 * Allocate n bytes, contents indeterminate.
 *
 * n = 0 gives a unique, freeable pointer.  Returns NULL iff n is above
 * HEAP_CHUNK_MAX or no free chunk that the bounded search sees fits and the
 * port gives no more; the heap is then unchanged but for the failure count.
 * Cost: constant, at most four port calls.  Semantics: C11 7.22.3.
 */
void *heap_alloc(struct heap *h, size_t n);

/*
 * heap_alloc, and all n bytes zero.  Cost: constant but for the clearing, which
 * is done outside the lock.
 */
void *heap_zalloc(struct heap *h, size_t n);

/*
 * heap_alloc at a multiple of `align`, any power of two; smaller than
 * HEAP_ALIGN counts as HEAP_ALIGN.  What the carving leaves before and behind
 * is free again at once.  NULL also iff align is no power of two or
 * align + n exceeds HEAP_CHUNK_MAX.  Free with heap_free.
 */
void *heap_alloc_aligned(struct heap *h, size_t align, size_t n);

/*
 * Change the size of block p to n bytes, keeping the first min(old, n).
 *
 * p = NULL allocates.  n = 0 frees p and returns NULL.  Returns the block,
 * moved or not; NULL iff it cannot grow, p is then untouched.  Shrinks in
 * place; grows in place forward, into fresh memory at the end of the heap, and
 * backward, before it moves.  An alignment above HEAP_ALIGN may be lost.
 * Cost: constant but for the copy, which is made outside the lock.
 */
void *heap_resize(struct heap *h, void *p, size_t n);

/* Free block p; NULL does nothing.  Cost: constant. */
void heap_free(struct heap *h, void *p);

/*
 * Bytes that may be used at p, at least those asked for; NULL has 0.  Cost:
 * constant.
 */
size_t heap_usable_size(struct heap *h, const void *p);

/*
 * The same six, and heap_trim, for those who wrap the heap: `caller` is what a fault report
 * names as the culprit's address.  The plain ones pass their return address.
 */
void *heap_alloc_from(struct heap *h, size_t n, const void *caller);
void *heap_zalloc_from(struct heap *h, size_t n, const void *caller);
void *heap_alloc_aligned_from(struct heap *h, size_t align, size_t n,
			      const void *caller);
void *heap_resize_from(struct heap *h, void *p, size_t n, const void *caller);
void heap_free_from(struct heap *h, void *p, const void *caller);
size_t heap_usable_size_from(struct heap *h, const void *p, const void *caller);
size_t heap_trim_from(struct heap *h, size_t keep, const void *caller);

/* ---- instances ------------------------------------------------------- */

/*
 * Make a heap of the n bytes at mem, which it owns until heap_destroy; the
 * control block lies at their start.  `port` may be NULL: no growth, no lock,
 * faults abandoned silently; a port's sbrk lets it grow beyond mem.  `port`
 * must outlive the heap.
 *
 * Returns NULL iff mem is NULL, mem + n wraps, or n is too small for the
 * control block and one smallest chunk.  Any alignment of mem will do.
 * Cost: constant for every HEAP_CHUNK_MAX bytes.
 */
struct heap *heap_create(void *mem, size_t n, const struct heap_port *port);

/*
 * Free every block at once: the heap is as after its creation, with the
 * memory that it has grown to.  Works on a damaged heap too, as long as it is
 * known where its segments lie: else it is a fault, and nothing is done.  Peak
 * and failure count stay.  Old pointers are found out when freed.  Cost: O(chunks).
 */
void heap_reset(struct heap *h);

/*
 * End a heap: all its memory is the owner's again, heap_create's and what sbrk
 * gave.  Calls on it are then refused: NULL, and HEAP_FAULT_FOREIGN for
 * pointers, as long as its control block is not overwritten.  Nothing is given
 * to the port.  Cost: constant.
 */
void heap_destroy(struct heap *h);

/*
 * Give what is free at the end of the heap back to the port, but for `keep`
 * bytes.  Returns the bytes given back: 0 when there are none, the port has no
 * sbrk or refuses, somebody else has moved the break, or, after a fault, where
 * the heap ends is damaged.  Cost: constant, two port calls.
 */
size_t heap_trim(struct heap *h, size_t keep);

/* ---- looking at it --------------------------------------------------- */

struct heap_stats {
	size_t taken;        /* bytes taken: = in_use + free + overhead       */
	size_t in_use;       /* bytes in used chunks, their headers included  */
	size_t peak;         /* most that in_use ever was; 0 if HEAP_STATS 0  */
	size_t free;         /* bytes in free chunks and the top              */
	size_t overhead;     /* segment ends, padding, the control block      */
	size_t largest_free; /* the largest n that a free chunk would serve   */
	size_t used_chunks;
	size_t free_chunks; /* the top counts as one when it is not empty    */
	size_t segments;
	size_t failures; /* allocations that answered NULL for want of RAM */
};

/*
 * Fill *out.  Walks the heap, lock held: O(chunks).  On a damaged heap it
 * counts what it reaches.
 */
void heap_stats(struct heap *h, struct heap_stats *out);

enum heap_chunk_state { HEAP_CHUNK_USED, HEAP_CHUNK_FREE, HEAP_CHUNK_TOP };

struct heap_chunk {
	const void *mem; /* what malloc returned, or would return           */
	size_t size;     /* bytes of the whole chunk, header included       */
	enum heap_chunk_state state;
};

/*
 * Visit every chunk: segments newest first, chunks in address order.  `visit`
 * returns false to stop; it runs with the lock held and must not call the
 * heap.  Reads only.  Returns true iff all chunks were visited: false when
 * stopped or when damage ended the tour.  Cost: O(chunks).
 */
bool heap_walk(struct heap *h,
	       bool (*visit)(void *ctx, const struct heap_chunk *chunk),
	       void *ctx);

/*
 * HEAP_OK, or the broken invariant that was met first, with the header of the
 * chunk at fault in *bad (NULL when no chunk is to blame; `bad` may be NULL).
 * Where the lock does not reach nothing is looked at: HEAP_FAULT_INTERRUPT is
 * told, and the answer is HEAP_OK.
 * Reads only, but for a damaged way to the port, which it mends and tells as any
 * call does.  Never faults or loops, whatever the damage.  Lock held
 * throughout.  Cost: O(chunks), and for each free one O(segments).
 */
enum heap_invariant heap_check(struct heap *h, const void **bad);

/*
 * For a port's `fault` that will not return: faults of h may be told again.
 * Cost: constant.  Takes no lock; any context.
 */
void heap_fault_over(struct heap *h);

#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

#endif
