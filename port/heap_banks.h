/* SPDX-License-Identifier: MIT */
/*
 * RAM in several pieces.  Two ways to use it, of which a program takes one or
 * both:
 *
 * - one heap over all banks, malloc's as a rule (banks.c): it begins in the
 *   first bank of a table, and goes on in another when one is used up;
 * - a heap for each kind of memory (pools.c): a request says what the memory
 *   must be and what it should be, fast, reached by DMA, and so on.
 *
 * A bank is a run of RAM that nobody else uses.  Banks may lie in any order of
 * addresses, and next to one another.
 */
#ifndef HEAP_BANKS_H
#define HEAP_BANKS_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What memory is like; bits from 0x100 up are the program's own to name. */
#define HEAP_BANK_FAST     0x1u /* no wait states: tightly coupled          */
#define HEAP_BANK_DMA      0x2u /* the DMA controllers reach it              */
#define HEAP_BANK_EXTERNAL 0x4u /* off the chip: large and slow              */
#define HEAP_BANK_RETAINED 0x8u /* keeps its contents while the part sleeps  */

/* One piece.  `start` and `end` from linker symbols; leave `brk` zero. */
struct heap_bank {
	struct heap_region region;
	unsigned attributes; /* or 0; for pools */
};

/* More banks than this in one table are refused: all are looked through. */
#define HEAP_BANKS_MOST 16

/* ---- what can be wrong with a table ------------------------------------ */

enum heap_banks_problem {
	HEAP_BANKS_SOUND,
	HEAP_BANKS_NO_TABLE,  /* the table's address is NULL                  */
	HEAP_BANKS_NONE,      /* it has no bank                               */
	HEAP_BANKS_TOO_MANY,  /* more than there is room for                  */
	HEAP_BANKS_AT_NULL,   /* a bank starts at NULL                        */
	HEAP_BANKS_EMPTY,     /* it ends where it starts                      */
	HEAP_BANKS_REVERSED,  /* it ends before it starts                     */
	HEAP_BANKS_WRAPS,     /* its end is behind the last address           */
	HEAP_BANKS_OVERLAP,   /* two banks share memory                       */
	HEAP_BANKS_TOO_SMALL, /* pools: no room for a heap's control block    */
	HEAP_BANKS_KINDS      /* pools: more kinds of memory than pools       */
};

/* The first problem of a table, in its order. */
struct heap_banks_error {
	enum heap_banks_problem problem;
	size_t bank; /* number of the bank in the table, from 0; with      */
		     /* TOO_MANY and KINDS how many there are              */
	size_t most; /* TOO_MANY, KINDS: how many there may be             */
	uintptr_t
		start; /* the bank; WRAPS: `end` is its size                 */
	uintptr_t end;
	size_t other; /* OVERLAP: the earlier bank                           */
	uintptr_t other_start;
	uintptr_t other_end;
};

/*
 * Is the table of n banks sound?  Else *error says what is wrong; it may be
 * NULL.  Cost: O(n * n).  Takes no lock; any context.
 */
bool heap_banks_check(const struct heap_bank *table, size_t n,
		      struct heap_banks_error *error);

/*
 * Write the problem as one line through port->write:
 *
 *	heap: banks: bank 1 0x20001000 to 0x20003000 overlaps bank 0 ...
 *
 * Nothing is written when there is no problem or port->write is NULL.
 */
void heap_banks_report(const struct heap_port *port,
		       const struct heap_banks_error *error);

/* ---- banks.c: one heap over several banks ------------------------------ */

/*
 * The `ctx` of a port whose sbrk is heap_banks_sbrk; that port serves one heap.
 * Constant-initialise the first three or four members, for malloc's heap:
 *
 *	static struct heap_bank table[] = {
 *		{.region = {.start = __sram1_start, .end = __sram1_end}},
 *		{.region = {.start = __sram2_start, .end = __sram2_end}},
 *	};
 *	static struct heap_banks banks = {
 *		.bank = table, .count = 2, .heap = &heap_default,
 *	};
 */
struct heap_banks {
	struct heap_bank *bank; /* in the order of use                        */
	size_t count;
	/*
	 * The heap: what is left of a bank goes to it when it moves on to the
	 * next.  NULL: that is kept for smaller requests, and what is too small
	 * for any is lost.
	 */
	struct heap *heap;
	size_t most; /* room in the table, for heap_banks_add; 0: none     */
	/* The functions' own: zero. */
	size_t current; /* the bank that answered last                     */
	bool checked;
	/* Why nothing is given, once something was asked. */
	struct heap_banks_error error;
};

/*
 * sbrk over the banks; `ctx` is a struct heap_banks *.
 *
 * A positive increment is given from the current bank, else from the first one
 * of the table that has so much left, after the rest of the current one has
 * been added to the heap.  0 and a negative one are the current bank's alone.
 * Returns (void *)-1 iff no bank has so much, a negative increment leaves the
 * current bank, or the table is not sound: see `error`.  Cost: O(count), and
 * at the first call heap_banks_check.  Called with the heap's lock held.
 */
void *heap_banks_sbrk(void *ctx, ptrdiff_t increment);

/*
 * Add the n bytes at mem as the last bank of a table that has room (`most`):
 * an SDRAM that has just been set up.  True on success; else *error, which may
 * be NULL, says what is wrong, and nothing has changed.  Call it while no
 * operation of the heap is under way.
 */
bool heap_banks_add(struct heap_banks *banks, void *mem, size_t n,
		    struct heap_banks_error *error);

/*
 * The bank of the table in which p lies, in what has been given out of it; NULL
 * when p lies elsewhere.  Cost: O(n).
 */
const struct heap_bank *heap_banks_find(const struct heap_bank *table, size_t n,
					const void *p);

/* ---- pools.c: a heap for each kind of memory --------------------------- */

/* The banks that have the same attributes, and their heap.  Zero at first. */
struct heap_pool {
	struct heap_banks banks;
	struct heap_port port;
	const struct heap_port *below; /* the program's */
	struct heap *heap;
	unsigned attributes;
};

/*
 * Constant-initialise the first members.
 *
 *	static struct heap_pool kinds[3];
 *	static struct heap_pools pools = {
 *		.pool = kinds, .most = 3, .port = &heap_port_default,
 *		.large = 16384, .large_prefers = HEAP_BANK_EXTERNAL,
 *	};
 */
struct heap_pools {
	struct heap_pool *pool;
	size_t most; /* kinds of memory that there is room for          */
	/*
	 * Lock, fault, write and so on of all heaps; its sbrk is not used, nor
	 * its `pending`, which serves one heap.  NULL: none of them.
	 */
	const struct heap_port *port;
	/* Requests of so many bytes or more also prefer ...; 0: none do. */
	size_t large;
	unsigned large_prefers;
	/* heap_pools_start's own: zero. */
	size_t count;
	struct heap_bank *table;
	size_t banks;
};

/*
 * Make a heap of all banks that have the same attributes, for each set of
 * them.  The table, which must stay where it is, is put into another order:
 * banks of a kind together.  A heap's control block lies at the start of the
 * first bank of its kind, which is given to it whole; the next ones when it is
 * used up.
 *
 * True on success.  Else *error says why, which may be NULL, and every request
 * is refused.  Call it once, before any other of these functions.
 */
bool heap_pools_start(struct heap_pools *pools, struct heap_bank *table,
		      size_t n, struct heap_banks_error *error);

/*
 * Allocate n bytes of memory that has all attributes in `required`.
 *
 * Of the pools that have them, those are asked first that have most of
 * `preferred`; among these, those with the fewest attributes that nobody asked
 * for; among these, the one whose first bank is first in the table.  When one
 * has no room the next is asked.  NULL iff none serves.  The rest is as with
 * heap_alloc.  Cost: constant for each pool.
 */
void *heap_pools_alloc(struct heap_pools *pools, size_t n, unsigned required,
		       unsigned preferred);

/* The same at a multiple of `align`; see heap_alloc_aligned. */
void *heap_pools_alloc_aligned(struct heap_pools *pools, size_t align, size_t n,
			       unsigned required, unsigned preferred);

/*
 * A block for DMA: memory with HEAP_BANK_DMA and `required`, that starts on a
 * cache line of `line` bytes, a power of two, and of whose last line nobody
 * else has a byte: n is rounded up.  Cleaning or invalidating its lines
 * concerns no other block and no header.  Before a transfer into it invalidate
 * them: they may be dirty of what was there before.
 */
void *heap_pools_alloc_dma(struct heap_pools *pools, size_t line, size_t n,
			   unsigned required);

/*
 * Change the size of block p to n bytes, as heap_resize; where p lies, if it
 * has what is required, else, or when there is no room, in other memory, found
 * as by heap_pools_alloc.  An alignment above HEAP_ALIGN may be lost.
 */
void *heap_pools_resize(struct heap_pools *pools, void *p, size_t n,
			unsigned required, unsigned preferred);

/*
 * Free block p; NULL does nothing.  A pointer into none of the banks, or into
 * what has not been given out of one, is HEAP_FAULT_FOREIGN, and is not read.
 */
void heap_pools_free(struct heap_pools *pools, void *p);

/* The heap that p lies in, or NULL; its attributes are *attributes if not NULL. */
struct heap *heap_pools_find(const struct heap_pools *pools, const void *p,
			     unsigned *attributes);

#ifdef __cplusplus
}
#endif

#endif
