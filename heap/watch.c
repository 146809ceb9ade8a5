/* SPDX-License-Identifier: MIT */
/* L4: which layers a heap has, and the engine as the last of them. */
#include "enter.h"

#if HEAP_CHECK != 0

/* Weak: to be named here is no reason for it to be in a program. */
extern struct heap heap_default __attribute__((weak));
extern const struct heap_layer heap_libc_hooks __attribute__((weak));

/* The hooks, if there are any, are there from the start. */
static struct heap_watch watch_default = {
	.heap = &heap_default,
	.layer = {[HEAP_RANK_HOOKS] = &heap_libc_hooks},
};

static struct heap_watch *watches = &watch_default;

struct heap_watch *heap_watch_of(const struct heap *h)
{
	struct heap_watch *w = __atomic_load_n(&watches, __ATOMIC_RELAXED);

	while (w->heap != h)
		w = w->next;
	return w;
}

bool heap_has_watch(const struct heap *h)
{
	const struct heap_watch *w =
		__atomic_load_n(&watches, __ATOMIC_RELAXED);

	while (w != NULL && w->heap != h)
		w = w->next;
	return w != NULL;
}

void heap_watchable(struct heap *h, struct heap_watch *room)
{
	if (heap_has_watch(h))
		return;
	memset(room, 0, sizeof(*room));
	room->heap = h;
	room->next = watches;
	__atomic_store_n(&watches, room, __ATOMIC_RELEASE);
}

/* For heap_destroy. */
void heap_unwatch(struct heap *h);

void heap_unwatch(struct heap *h)
{
	struct heap_watch **at = &watches;

	while (*at != NULL && (*at)->heap != h)
		at = &(*at)->next;
	if (*at != NULL)
		*at = (*at)->next;
}

bool heap_layer_enter(const struct heap *h, uintptr_t *state)
{
	if (h->port->in_isr != NULL && h->port->in_isr(h->port->ctx))
		return false;
	*state = heap_lock(h);
	return true;
}

size_t heap_layer_taken(const struct heap *h)
{
	return h->taken;
}

/* ---- frames ----------------------------------------------------------- */

void heap_frame_push(struct heap_frame **list, struct heap_frame *f)
{
	f->next = *list;
	*list = f;
}

void heap_frame_remove(struct heap_frame **list, const struct heap_frame *f)
{
	while (*list != f)
		list = &(*list)->next;
	*list = f->next;
}

/* For the faults of calls whose caller is given as h. */
const void *heap_layer_caller(struct heap *h);

const void *heap_layer_caller(struct heap *h)
{
	uintptr_t thread = heap_thread(h), state = heap_lock(h);
	const struct heap_frame *f =
		heap_frame_of(heap_watch_of(h)->calls, thread);

	heap_unlock(h, state);
	return f != NULL ? f->caller : NULL;
}

/* ---- the engine ------------------------------------------------------- */

/* The other two take the lock themselves: a frame tells whom to name. */
static bool begin_call(struct heap *h, struct heap_frame *f, const void *mem,
		       const void *caller)
{
	uintptr_t state;

	f->thread = heap_thread(h);
	f->caller = caller;
	if (!heap_enter(h, &state, mem, caller))
		return false;
	heap_frame_push(&heap_watch_of(h)->calls, f);
	heap_unlock(h, state);
	return true;
}

static void end_call(struct heap *h, const struct heap_frame *f)
{
	uintptr_t state = heap_lock(h);

	heap_frame_remove(&heap_watch_of(h)->calls, f);
	heap_unlock(h, state);
}

static void *align(struct heap *h, size_t align, size_t n, const void *caller)
{
	struct heap_frame f;
	void *p;

	if (is_power_of_two(align) && align <= HEAP_ALIGN)
		return heap_alloc_engine(h, n, caller);
	if (!begin_call(h, &f, NULL, caller))
		return NULL;
	p = heap_alloc_aligned_from(h, align, n, h);
	end_call(h, &f);
	return p;
}

static void *resize(struct heap *h, void *p, size_t n, const void *caller)
{
	struct heap_frame f;

	if (!begin_call(h, &f, p, caller))
		return NULL;
	p = heap_resize_from(h, p, n, h);
	end_call(h, &f);
	return p;
}

static struct heap_block look(struct heap *h, const void *p, const void *caller)
{
	struct heap_block block = {0};
	uintptr_t state;

	(void)caller;
	if (p == NULL || !heap_layer_enter(h, &state))
		return block;
	block.size = heap_block_size(h, p);
	/* Whoever uses p will be told. */
	h->bins.damage = (struct damage){0};
	heap_unlock(h, state);
	return block;
}

static void late(struct heap *h, const void *p)
{
	(void)h;
	(void)p;
}

static void notice(struct heap *h, enum heap_operation op, const void *caller)
{
	(void)h;
	(void)op;
	(void)caller;
}

static const struct heap_layer engine = {
	.alloc = heap_alloc_engine,
	.align = align,
	.resize = resize,
	.free = heap_free_engine,
	.look = look,
	.late = late,
	.notice = notice,
};

/* ---- layers ----------------------------------------------------------- */

/* The first layer from place i on, or NULL. */
static const struct heap_layer *layer_from(const struct heap_watch *w,
					   unsigned i)
{
	for (; i < sizeof(w->layer) / sizeof(w->layer[0]); i++) {
		const struct heap_layer *layer =
			__atomic_load_n(&w->layer[i], __ATOMIC_RELAXED);

		if (layer != NULL)
			return layer;
	}
	return NULL;
}

const struct heap_layer *heap_layer_below(const struct heap *h,
					  enum heap_rank rank)
{
	const struct heap_layer *layer =
		layer_from(heap_watch_of(h), (unsigned)rank + 1);

	return layer != NULL ? layer : &engine;
}

void heap_layer_put(struct heap *h, enum heap_rank rank,
		    const struct heap_layer *layer)
{
	struct heap_watch *w = heap_watch_of(h);

	__atomic_store_n(&w->layer[rank], layer, __ATOMIC_RELAXED);
	__atomic_store_n(&h->layer, layer_from(w, 0), __ATOMIC_RELAXED);
	__atomic_store_n(&h->layer_copy, h->layer, __ATOMIC_RELAXED);
	heap_set_fast(h);
}

#endif
