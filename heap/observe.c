/* SPDX-License-Identifier: MIT */
/*
 * L4: the layer of the observers.
 *
 * The list of observers changes under the lock only.  A thread that tells one
 * counts itself in its `busy` first, and lets go of the lock then: an observer
 * that somebody is in stays in the list, so that the thread finds its way on.
 * Who counts the last thread of a leaving observer out takes it from the list.
 */
#include "enter.h"

#if HEAP_CHECK != 0

/* ---- telling ---------------------------------------------------------- */

static void unlink_observer(struct heap_watch *w, struct heap_observer *o)
{
	struct heap_observer **at = &w->observers;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
}

/* The last observer is gone: let calls go by. */
static void retire(struct heap *h)
{
	if (heap_watch_of(h)->observers == NULL)
		heap_layer_put(h, HEAP_RANK_OBSERVERS, NULL);
}

/* Tell all observers of e; the lock is held, but not while they run. */
static void tell_each(struct heap *h, struct heap_event *e, uintptr_t *state)
{
	struct heap_watch *w = heap_watch_of(h);
	struct heap_observer *o = w->observers, *next;

	e->heap = h;
	e->sequence = w->sequence++;
	for (; o != NULL; o = next) {
		if (!o->leaving) {
			o->busy++;
			heap_unlock(h, *state);
			o->tell(o, e);
			*state = heap_lock(h);
			o->busy--;
		}
		next = o->next;
		if (o->leaving && o->busy == 0)
			unlink_observer(w, o);
	}
	retire(h);
}

/* What was taken from the port, or given back, since the last time. */
static void tell_growth(struct heap *h, const struct heap_event *cause,
			uintptr_t *state)
{
	struct heap_watch *w = heap_watch_of(h);
	size_t before = w->taken, taken = h->taken;
	struct heap_event e = {
		.op = taken > before ? HEAP_OP_GROWN : HEAP_OP_TRIMMED,
		.mem = (const void *)h->end,
		.size = taken > before ? taken - before : before - taken,
		.caller = cause->caller,
		.thread = cause->thread,
	};

	if (taken == before)
		return;
	w->taken = taken;
	tell_each(h, &e, state);
}

/* Where errno is, which observers may change; only a malloc family has it. */
__attribute__((weak)) int *heap_libc_error(void);

/*
 * Tell of e, and of growth before it, unless this thread is in an observer.
 * TRIMMED and the like have no event of their own: `growth_alone`.
 */
static void tell(struct heap *h, struct heap_event *e, bool growth_alone)
{
	int *error = heap_libc_error != NULL ? heap_libc_error() : NULL;
	int was = error != NULL ? *error : 0;
	struct heap_watch *w = heap_watch_of(h);
	struct heap_frame me;
	uintptr_t state;

	me.thread = e->thread = heap_thread(h);
	if (!heap_layer_enter(h, &state))
		return;
	if (heap_frame_of(w->tellers, me.thread) == NULL) {
		heap_frame_push(&w->tellers, &me);
		tell_growth(h, e, &state);
		if (!growth_alone)
			tell_each(h, e, &state);
		heap_frame_remove(&w->tellers, &me);
	}
	heap_unlock(h, state);
	if (error != NULL && *error != was)
		*error = was;
}

/* ---- the layer -------------------------------------------------------- */

static const struct heap_layer *below(const struct heap *h)
{
	return heap_layer_below(h, HEAP_RANK_OBSERVERS);
}

/* A block was handed out, or none. */
static void *told(struct heap *h, struct heap_event *e, void *p)
{
	struct heap_block block = below(h)->look(h, p, e->caller);

	e->mem = p;
	e->size = block.size;
	e->tag = block.tag;
	tell(h, e, false);
	return p;
}

static void *observed_alloc(struct heap *h, size_t n, const void *caller)
{
	struct heap_event e = {
		.op = HEAP_OP_ALLOC, .asked = n, .caller = caller};

	return told(h, &e, below(h)->alloc(h, n, caller));
}

static void *observed_align(struct heap *h, size_t align, size_t n,
			    const void *caller)
{
	struct heap_event e = {.op = HEAP_OP_ALIGNED,
			       .asked = n,
			       .align = align,
			       .caller = caller};

	return told(h, &e, below(h)->align(h, align, n, caller));
}

/* Block p is about to end. */
static void tell_end(struct heap *h, enum heap_operation op, const void *p,
		     size_t n, const void *caller)
{
	struct heap_block block = below(h)->look(h, p, caller);
	struct heap_event e = {
		.op = op,
		.old = p,
		.old_size = block.size,
		.tag = block.tag,
		.asked = n,
		.caller = caller,
	};

	tell(h, &e, false);
}

static void observed_free(struct heap *h, void *p, const void *caller)
{
	if (p == NULL)
		return;
	tell_end(h, HEAP_OP_FREE, p, 0, caller);
	below(h)->free(h, p, caller);
}

static void *observed_resize(struct heap *h, void *p, size_t n,
			     const void *caller)
{
	struct heap_event e = {
		.op = HEAP_OP_RESIZED, .old = p, .asked = n, .caller = caller};

	if (p == NULL)
		return observed_alloc(h, n, caller);
	if (n == 0) {
		observed_free(h, p, caller);
		return NULL;
	}
	tell_end(h, HEAP_OP_RESIZING, p, n, caller);
	return told(h, &e, below(h)->resize(h, p, n, caller));
}

static struct heap_block observed_look(struct heap *h, const void *p,
				       const void *caller)
{
	return below(h)->look(h, p, caller);
}

/* Nobody can be told here. */
static void observed_late(struct heap *h, const void *p)
{
	below(h)->late(h, p);
}

static void observed_notice(struct heap *h, enum heap_operation op,
			    const void *caller)
{
	struct heap_event e = {.op = op, .caller = caller};

	below(h)->notice(h, op, caller);
	/* What was trimmed shows in what is taken. */
	tell(h, &e, op == HEAP_OP_TRIMMED);
}

static const struct heap_layer observers = {
	.alloc = observed_alloc,
	.align = observed_align,
	.resize = observed_resize,
	.free = observed_free,
	.look = observed_look,
	.late = observed_late,
	.notice = observed_notice,
};

/* ---- registration ----------------------------------------------------- */

/* Where o's address stands in the list, or the NULL that ends it. */
static struct heap_observer **find(struct heap_watch *w,
				   const struct heap_observer *o)
{
	struct heap_observer **at = &w->observers;

	while (*at != NULL && *at != o)
		at = &(*at)->next;
	return at;
}

bool heap_observe(struct heap *h, struct heap_observer *o)
{
	struct heap_observer **at;
	struct heap_watch *w;
	uintptr_t state;
	bool fresh;

	if (!heap_has_watch(h) || !heap_layer_enter(h, &state))
		return false;
	w = heap_watch_of(h);
	at = find(w, o);
	fresh = *at == NULL;
	if (fresh) {
		/* What has happened before is nobody's news. */
		if (w->observers == NULL)
			w->taken = h->taken;
		o->next = NULL;
		o->busy = 0;
		o->leaving = false;
		*at = o;
		heap_layer_put(h, HEAP_RANK_OBSERVERS, &observers);
	}
	heap_unlock(h, state);
	return fresh;
}

bool heap_unobserve(struct heap *h, struct heap_observer *o)
{
	struct heap_observer **at;
	uintptr_t state;
	bool gone;

	if (!heap_has_watch(h))
		return true;
	if (!heap_layer_enter(h, &state))
		return false;
	at = find(heap_watch_of(h), o);
	if (*at != NULL) {
		o->leaving = true;
		if (o->busy == 0) {
			*at = o->next;
			retire(h);
		}
	}
	gone = *at != o;
	heap_unlock(h, state);
	return gone;
}

#endif
