/* SPDX-License-Identifier: MIT */
/* L4: what the accounts' layer and the calls of heap_tags.h share. */
#ifndef HEAP_ACCOUNTS_H
#define HEAP_ACCOUNTS_H

#include "heap_tags.h"
#include "layer.h"

/*
 * The last words of a counted block; in the debug profile, in its trailer,
 * behind the guard, so that no overrun ends in them.
 */
struct heap_tag_trailer {
	uintptr_t caller;
	uintptr_t tag; /* and a sum */
};

extern const struct heap_layer heap_accounts_layer;

/*
 * Where block p would have its trailer, and its size below the accounts; NULL:
 * it is no block, of size 0, or too small.  The lock is held in all of these.
 */
struct heap_tag_trailer *heap_tag_trailer(struct heap *h, const void *p,
					  size_t *size);

/* The tag of block p by its trailer, which may be NULL, or HEAP_TAG_NONE. */
unsigned heap_tag_in(const struct heap_watch *w,
		     const struct heap_tag_trailer *t, const void *p);

/* The slot of a thread that has a tag, or NULL. */
struct heap_tag_task *heap_tag_task(const struct heap_accounts *a,
				    uintptr_t thread);

#endif
