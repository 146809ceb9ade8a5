/* SPDX-License-Identifier: MIT */
/*
 * Accounting by tag: whose blocks fill the heap?
 *
 * A tag is a small number that a program gives a meaning: a task, a library, a
 * Lua state.  While accounts are kept, each block has its tag and the address
 * of who asked for it behind its payload: two words more a block.  The tag is
 *
 *   1. the one that the thread has set last (heap_tag_set), if that is not 0;
 *   2. else the one that a table has for the caller's address: tools/heap-tags
 *      makes such a table from a map file, so that libraries have tags without
 *      a change of their source;
 *   3. else 0.
 *
 * Blocks that were there before the accounts began, or that were allocated
 * while there were none, have no tag and count for nobody; when they are made
 * larger they are counted from then on.  A block keeps its tag when it is resized.
 *
 * What a block counts is its chunk: usable bytes, the two words, the header; in
 * heap-debug.a neither the words nor the guard.
 *
 * In heap-debug.a the two words are always there, behind the guard: what an
 * overrun meets first is the guard, with accounts or without.
 *
 * In heap.a and heap-debug.a; a program that calls none of this has none.
 */
#ifndef HEAP_TAGS_H
#define HEAP_TAGS_H

#include "heap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One account.  The first three are the owner's, the others the heap's. */
struct heap_tag {
	const char *name; /* for heap_tags_dump; NULL: its number        */
	size_t limit;     /* bytes; 0: none                              */
	bool refuse;      /* beyond the limit: a request is refused; else
	                     it is served, and `over` told once          */
	bool is_over;
	size_t bytes;   /* in chunks that the tag has now              */
	size_t blocks;  /* how many                                    */
	size_t peak;    /* most that `bytes` ever was                  */
	size_t total;   /* bytes of all that were ever allocated; wraps */
	size_t refused; /* requests that the limit refused             */
};

/* Callers from `start` to the next one's `start` have this tag. */
struct heap_tag_range {
	uintptr_t start;
	unsigned tag;
};

/* A thread's tag; a slot with tag 0 is free. */
struct heap_tag_task {
	uintptr_t thread;
	unsigned tag;
};

/* What accounts are kept in; all memory is the owner's. */
struct heap_accounts {
	struct heap_tag *tag; /* `tags` of them, at least 1: tag 0 */
	unsigned tags;
	const struct heap_tag_range *range; /* by rising start; or NULL  */
	size_t ranges;
	struct heap_tag_task *task; /* as many as threads have tags      */
	size_t tasks;
	/*
	 * A request for n bytes by `caller` was refused, or, where the limit
	 * does not refuse, took the tag beyond it.  Called without the lock;
	 * may call the heap.  NULL: nobody is told.
	 */
	void (*over)(struct heap_accounts *a, unsigned tag, size_t n,
		     const void *caller);
	void *ctx;
	/* The heap's. */
	unsigned busy;
};

/*
 * Keep accounts of h in `a` from now on; they begin at 0.
 *
 * False, and nothing done, iff h has accounts already, has no room for layers
 * (see heap_watchable), or the context is one that the lock does not exclude.
 * `a` and what it leads to must stay until heap_accounts_stop has answered
 * true.  Cost: O(tags).  Takes the lock.
 */
bool heap_accounts_start(struct heap *h, struct heap_accounts *a);

/*
 * Keep them no more.  True: `a` is the owner's again, its sums as they were.
 * False: a thread is still in `over`, or the lock does not reach here: ask
 * again.  The blocks lose their tags.  Constant time.  Takes the lock.
 */
bool heap_accounts_stop(struct heap *h, struct heap_accounts *a);

/* No tag. */
#define HEAP_TAG_NONE ((unsigned)-1)

/*
 * Give what this thread allocates from now on a tag; 0: none.  Returns the one
 * before, to be set again; HEAP_TAG_NONE, and nothing done, iff there is no
 * such tag or no slot for the thread.  Without accounts 0.  Threads are told
 * apart by the port's `thread`.  Cost: O(tasks).  Takes the lock.
 */
unsigned heap_tag_set(struct heap *h, unsigned tag);

/*
 * The tag of block p, and who asked for it.  False: p is no block, or has no
 * tag.  Constant time.  Takes the lock.
 */
bool heap_tag_of(struct heap *h, const void *p, unsigned *tag,
		 const void **caller);

/* Copy an account as it is now.  False: there is none.  Takes the lock. */
bool heap_tag_read(struct heap *h, unsigned tag, struct heap_tag *copy);

/*
 * Write all accounts that were ever used through the port's `write`, as a
 * table.  Takes the lock for a line at a time.
 */
void heap_tags_dump(struct heap *h);

/*
 * An allocator as lua_newstate wants it: `ud` is a struct heap_lua *.  Blocks
 * have its tag, if there are accounts, so a limit is the state's.  Never fails
 * to shrink.  Give each state a thread of its own, or a lock.
 */
struct heap_lua {
	struct heap *heap;
	unsigned tag;
};

void *heap_lua_alloc(void *ud, void *p, size_t osize, size_t nsize);

#ifdef __cplusplus
}
#endif

#endif
