/* SPDX-License-Identifier: MIT */
/*
 * L4: layers, which stand between a call and the engine:
 *
 *   malloc ...  ->  hooks  ->  observers  ->  accounts  ->  engine
 *
 * Each is a table of functions that do their work and call the one below.  A
 * layer that is not in use is not in the way; one that no program asks for is
 * not in its image.  When there is none the engine is called at once.
 *
 * Layers run without the lock, which they take for their own data.  They pass
 * on the caller, and NULL as they got it: the engine has then said so.
 */
#ifndef HEAP_LAYER_H
#define HEAP_LAYER_H

#include "heap_observe.h"
#include "word.h"

/* From the top to the bottom: an index of struct heap_watch's layer. */
enum heap_rank { HEAP_RANK_HOOKS, HEAP_RANK_OBSERVERS, HEAP_RANK_ACCOUNTS };

/* What a layer and those below know of a block. */
struct heap_block {
	size_t size; /* bytes that its owner may use; 0: it is none */
	unsigned tag;
};

struct heap_layer {
	/* As heap_alloc_from and so on. */
	void *(*alloc)(struct heap *h, size_t n, const void *caller);
	void *(*align)(struct heap *h, size_t align, size_t n,
		       const void *caller);
	/* From above: p not NULL, n not 0.  From the program: anything. */
	void *(*resize)(struct heap *h, void *p, size_t n, const void *caller);
	void (*free)(struct heap *h, void *p, const void *caller);
	/*
	 * p may be anything, nothing is told; NULL asks for the tag that a
	 * block would get that `caller` allocates now.
	 */
	struct heap_block (*look)(struct heap *h, const void *p,
				  const void *caller);
	/*
	 * Block p was freed where the lock does not reach, and ends now; the
	 * lock is held.  Passed on.
	 */
	void (*late)(struct heap *h, const void *p);
	/* What the others do not show: HEAP_OP_TRIMMED, _RESET.  Passed on. */
	void (*notice)(struct heap *h, enum heap_operation op,
		       const void *caller);
};

/*
 * What a thread is at, on its stack and in a list of the heap, the latest
 * first: a call in the engine, where a layer says h for its caller; or telling
 * observers.
 */
struct heap_frame {
	struct heap_frame *next;
	uintptr_t thread;
	const void *caller;
};

/* The latest frame of a thread, or NULL; the lock is held. */
static inline struct heap_frame *heap_frame_of(struct heap_frame *f,
					       uintptr_t thread)
{
	while (f != NULL && f->thread != thread)
		f = f->next;
	return f;
}

/* ---- api.c ---- */

/* Does a call of h go to a layer first? */
bool heap_has_layers(const struct heap *h);

/* ---- watch.c ---- */

/* Has h room for layers?  What it keeps there, if it has. */
bool heap_has_watch(const struct heap *h);
struct heap_watch *heap_watch_of(const struct heap *h);

/* The layer below `rank`; never NULL: the engine is the last. */
const struct heap_layer *heap_layer_below(const struct heap *h,
					  enum heap_rank rank);

/* Bytes that the heap has taken from its port and not given back. */
size_t heap_layer_taken(const struct heap *h);

/* Put a layer at its place, or NULL for none; the lock is held. */
void heap_layer_put(struct heap *h, enum heap_rank rank,
		    const struct heap_layer *layer);

/* Take the lock, or false, nothing told, where it does not reach. */
bool heap_layer_enter(const struct heap *h, uintptr_t *state);

/* Put a frame before the others, or take it out; likewise. */
void heap_frame_push(struct heap_frame **list, struct heap_frame *f);
void heap_frame_remove(struct heap_frame **list, const struct heap_frame *f);

#endif
