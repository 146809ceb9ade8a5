/* SPDX-License-Identifier: MIT */
/*
 * Observers: callbacks that are told what a heap does, with the address of who
 * asked for it.  In heap.a and heap-debug.a; heap-min.a has none, and a
 * program that calls these does not link with it.
 *
 * Nothing of it is in a program that calls none of these, and a heap that
 * nobody observes pays nothing: malloc and free find out on the path that they
 * take when there is a lock, realloc and memalign with two instructions.
 */
#ifndef HEAP_OBSERVE_H
#define HEAP_OBSERVE_H

#include "heap.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What happened, or, of the two that say so, what is about to.
 *
 * A block is told of before its end and after its beginning, so that for each
 * address the events come in the order in which things happened, whatever
 * threads do meanwhile.  A resize ends one block and begins another: it is
 * told twice.
 */
enum heap_operation {
	HEAP_OP_ALLOC,    /* malloc, calloc: mem, or NULL when refused        */
	HEAP_OP_ALIGNED,  /* memalign and its like: likewise, and align       */
	HEAP_OP_FREE,     /* old will be freed now                            */
	HEAP_OP_RESIZING, /* old will be resized to `asked` bytes now         */
	HEAP_OP_RESIZED,  /* old is mem now; or NULL: refused, old as before  */
	HEAP_OP_GROWN,    /* the port gave `size` bytes; mem is the new end   */
	HEAP_OP_TRIMMED,  /* it was given back `size`; mem is the new end     */
	HEAP_OP_RESET     /* all blocks of the heap are gone                  */
};

/*
 * One event; what its operation does not need is 0.  Valid during the call.
 *
 * realloc of NULL is told as ALLOC, realloc to 0 as FREE; free of NULL not at
 * all, nor what is done where the lock does not reach (heap_pending.h).  `old_size` is 0 when `old` is no block of the heap, or damaged: the
 * fault is told to the port after the observers have been.
 */
struct heap_event {
	enum heap_operation op;
	struct heap *heap;
	const void *mem;    /* what the caller gets; NULL: refused           */
	const void *old;    /* what he passed                                */
	size_t asked;       /* bytes that he asked for                       */
	size_t align;       /* and their alignment                           */
	size_t size;        /* usable bytes of mem; or grown, trimmed        */
	size_t old_size;    /* usable bytes of old                           */
	const void *caller; /* return address of the outermost heap or libc's
	                       malloc-family call: in the program, or in libc
	                       where that allocates for itself (strdup)       */
	unsigned tag;       /* of the block, see heap_tags.h; 0: none        */
	uintptr_t thread;   /* the port's thread id; 0 without                */
	uint32_t sequence;  /* events of a heap, numbered in order; wraps    */
};

/* Was a request refused? */
static inline bool heap_event_failed(const struct heap_event *e)
{
	return e->mem == NULL &&
	       (e->op == HEAP_OP_ALLOC || e->op == HEAP_OP_ALIGNED ||
		e->op == HEAP_OP_RESIZED);
}

/*
 * An observer: the owner fills in `tell` and `ctx`, the rest is the heap's from
 * heap_observe to heap_unobserve and begins as 0.
 *
 * `tell` runs in the thread whose call is told, without the lock: it may call
 * any heap or libc function, print, register and remove observers, itself
 * included.  What its own thread does to the heap meanwhile is not told to any
 * observer; what other threads do is, also to this one: it may run in several
 * threads at once.  Threads, and interrupts that allocate, are told apart by
 * the port's `thread`.
 */
struct heap_observer {
	void (*tell)(struct heap_observer *self, const struct heap_event *e);
	void *ctx;
	struct heap_observer *next;
	unsigned busy; /* threads that are in `tell` now */
	bool leaving;
};

/*
 * Tell `o` of every event of h from now on, after those who came before it.
 *
 * False, and nothing done, iff it is registered with h already, h has no room
 * for observers (see heap_watchable), or the context is one that the lock does not
 * exclude.  `o` must stay until heap_unobserve has answered true.  Cost:
 * O(observers).  Takes the lock.
 */
bool heap_observe(struct heap *h, struct heap_observer *o);

/*
 * Tell `o` nothing more: calls of `tell` that run already end, none begins.
 *
 * True: `o` is the owner's again.  False: a thread is still in o->tell, or the
 * context is one that the lock does not exclude; ask again later, and do not
 * reuse `o` before.  That is the answer too when o->tell calls it.  It never
 * waits: whoever asks again does so in the way of his system (yield, sleep), as
 * a thread of higher priority that waited for one of lower would wait forever.
 * True also when `o` is not registered.  Cost: O(observers).  Takes the lock.
 */
bool heap_unobserve(struct heap *h, struct heap_observer *o);

/* What an observed heap keeps; all of it is the heap's. */
struct heap_watch {
	struct heap *heap;
	struct heap_watch *next;
	const struct heap_layer *layer[3];
	struct heap_observer *observers;
	struct heap_accounts *accounts;
	struct heap_frame *calls;
	struct heap_frame *tellers;
	uintptr_t epoch;
	size_t taken;
	uint32_t sequence;
};

/*
 * Give h the room that observers and accounts need, of any content, until
 * heap_destroy: a heap made by heap_create has none.  heap_default has its own.
 * Before other threads use h, and not in two threads at once.
 */
void heap_watchable(struct heap *h, struct heap_watch *room);

#ifdef __cplusplus
}
#endif

#endif
