/* SPDX-License-Identifier: MIT */
/*
 * Every compile-time knob of the heap.  Set one with -DNAME=value for the
 * whole of heap/; none of them changes a public type, so that a program need
 * not know with which values its archive was built.
 */
#ifndef HEAP_CONFIG_H
#define HEAP_CONFIG_H

/*
 * HEAP_CHECK  how hard the heap distrusts its callers.        default 2
 *   0  not at all: heap-min.a
 *   2  O(1) at every call: range, alignment, state, keyed header, neighbours,
 *      links: heap.a
 *   3  and guards, fill, quarantine and call sites of blocks, and a slice of the
 *      heap checked at every call: heap-debug.a
 * Price of 2 over 0: see `make size` and tests/bench.
 */
#ifndef HEAP_CHECK
#define HEAP_CHECK 2
#endif

/*
 * HEAP_STATS  keep bytes in use and their peak at every call.  default 1
 *   0  in use is counted by a walk when asked for, peak is reported as 0.
 * Price: about ten instructions a pair, two words.
 */
#ifndef HEAP_STATS
#define HEAP_STATS 1
#endif

/*
 * HEAP_GROW  bytes asked from sbrk at a time.                  default 1024
 *   Range: 0 to 2^20.  Larger: fewer port calls, more memory held early.  A
 *   larger request wins, and when the port refuses, what is needed is asked.
 */
#ifndef HEAP_GROW
#define HEAP_GROW 1024
#endif

/*
 * HEAP_CHUNK_BITS  log2 of HEAP_CHUNK_MAX, the bound of a segment and hence
 *   of a request, in bytes.                         default 24; 48 of 64
 *   16, 24 or 28 where size_t has 32 bits, 48, 56 or 60 where it has 64.  The
 *   bits of a header above it hold the keyed check: each one less for the
 *   check doubles the damage that goes unseen.
 */
#ifndef HEAP_CHUNK_BITS
#define HEAP_CHUNK_BITS (SIZE_MAX > 0xffffffffu ? 48 : 24)
#endif
#define HEAP_CHUNK_MAX ((size_t)1 << HEAP_CHUNK_BITS)

/*
 * HEAP_EXACT_BINS  bins that hold one size each, from the smallest chunk up
 *   in steps of the alignment; a power of two.               default 16
 * HEAP_BINS  all bins, and bin 0, which is none; those above the exact ones
 *   come two an octave.
 *   default 28, 32 of 64; range HEAP_EXACT_BINS + 2 to the bits of size_t.
 * Price: a word of static RAM each.
 */
#ifndef HEAP_EXACT_BINS
#define HEAP_EXACT_BINS 16
#endif
#ifndef HEAP_BINS
#define HEAP_BINS (SIZE_MAX > 0xffffffffu ? 32 : 28)
#endif

/*
 * HEAP_SEARCH  chunks looked at in a bin of several sizes before a larger bin
 *   is taken.                                                  default 4
 *   Range: 1 up.  Larger: tighter fit, longer worst case.
 */
#ifndef HEAP_SEARCH
#define HEAP_SEARCH 4
#endif

/*
 * HEAP_LAST_RESORT  chunks looked at in that bin before a request is refused
 *   because the port gives no more.                           default 64
 *   Range: 0 up; 0 looks no further than HEAP_SEARCH.  Larger: fewer refusals
 *   while a chunk that fits lies further behind, longer worst case of a
 *   request that is refused.
 */
#ifndef HEAP_LAST_RESORT
#define HEAP_LAST_RESORT 64
#endif

/*
 * HEAP_QUARANTINE  blocks held back after free.  default 16
 * HEAP_QUARANTINE_BYTES  bytes of chunks in it.  default 4096; 65536 of 64
 *   HEAP_CHECK 3 only.  Range: 0, none, up.  Larger: a block is written to, or
 *   freed again, for longer before that is overlooked.  What is held is let go
 *   before a request is refused.  Price: a word of static RAM each.
 */
#ifndef HEAP_QUARANTINE
#define HEAP_QUARANTINE 16
#endif
#ifndef HEAP_QUARANTINE_BYTES
#define HEAP_QUARANTINE_BYTES (SIZE_MAX > 0xffffffffu ? 65536 : 4096)
#endif

/*
 * HEAP_SLICE  chunks that are checked at the end of an operation, where the
 *   last slice ended.                                          default 8
 * HEAP_SLICE_EVERY  operations from slice to slice.            default 1
 * HEAP_PROVE  operations from one check of the whole heap to the next.
 *                                                   default 0: none
 *   HEAP_CHECK 3 only.  Ranges: 0 up, HEAP_SLICE_EVERY 1 up.  HEAP_SLICE 0
 *   checks none.  Price: instructions, with the lock held; those of HEAP_PROVE grow
 *   with the heap.
 */
#ifndef HEAP_SLICE
#define HEAP_SLICE 8
#endif
#ifndef HEAP_SLICE_EVERY
#define HEAP_SLICE_EVERY 1
#endif
#ifndef HEAP_PROVE
#define HEAP_PROVE 0
#endif

/* Alignment of every block, in bytes: 8 on 32-bit targets, 16 on 64-bit. */
#define HEAP_ALIGN (2 * sizeof(size_t))

#endif
