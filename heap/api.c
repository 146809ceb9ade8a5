/* SPDX-License-Identifier: MIT */
/*
 * L4: the edges of the lock.  Check arguments, lock, core, unlock; what went
 * wrong is told after the lock is released.
 */
#include "state.h"

/*
 * errno as it was before callbacks.  Not written without need: where it is
 * thread-local, it lies at the vectors until startup has set the thread up.
 */
static void keep_error(int *error, int was)
{
	if (error != NULL && *error != was)
		*error = was;
}

/* ---- faults ----------------------------------------------------------- */

/* In watch.c: who called the layer that says h for its caller. */
__attribute__((weak)) const void *heap_layer_caller(struct heap *h);

static WORD_COLD void tell(struct heap *h, const struct damage *damage,
			   const void *mem, const void *caller)
{
	struct heap_fault fault = {
		.kind = damage->kind,
		.invariant = damage->invariant,
		.heap = h,
		.chunk = damage->chunk,
		.mem = mem,
		.caller = caller,
	};

	int *error = h->error != NULL ? h->error() : NULL;
	int was = error != NULL ? *error : 0;

	if (HEAP_CHECK != 0 && caller == h && heap_layer_caller != NULL)
		fault.caller = heap_layer_caller(h);
	if (h->port->fault != NULL)
		h->port->fault(h->port->ctx, &fault);
	keep_error(error, was);
}

WORD_COLD void *heap_fail(struct heap *h, uintptr_t state, const void *mem,
			  const void *caller)
{
	struct damage damage = h->bins.damage;

	h->bins.damage = (struct damage){0};
	if (damage.kind == HEAP_FAULT_NONE)
		h->failures++;
	heap_unlock(h, state);
	if (damage.kind != HEAP_FAULT_NONE)
		tell(h, &damage, mem, caller);
	return NULL;
}

bool heap_enter(struct heap *h, uintptr_t *state, const void *mem,
		const void *caller)
{
	const struct heap_port *port = h->port;

	if (port->in_isr != NULL && port->in_isr(port->ctx)) {
		tell(h, &(struct damage){.kind = HEAP_FAULT_INTERRUPT}, mem,
		     caller);
		return false;
	}
	*state = heap_lock(h);
	return true;
}

/* Debug: no operation leaves a heap that is not sound. */
static WORD_COLD void prove(struct heap *h, uintptr_t state, const void *caller)
{
	struct damage damage = {.kind = HEAP_FAULT_INVARIANT};

	damage.invariant = heap_check_held(h, &damage.chunk);
	heap_unlock(h, state);
	if (damage.invariant != HEAP_OK)
		tell(h, &damage, NULL, caller);
}

void heap_leave(struct heap *h, uintptr_t state, const void *caller)
{
	if (HEAP_CHECK >= 3)
		prove(h, state, caller);
	else
		heap_unlock(h, state);
}

/* ---- allocate, free --------------------------------------------------- */

/* Nothing for the caller of heap_alloc_from: the heap behind malloc says so. */
WORD_COLD void *heap_refuse(const struct heap *h)
{
	if (h->exhausted != NULL)
		h->exhausted();
	return NULL;
}

WORD_COLD void *heap_alloc_locked(struct heap *h, size_t n, const void *caller)
{
	const struct heap_layer *layer = heap_layer(h);
	uintptr_t state;
	void *p;

	if (layer != NULL)
		return layer->alloc(h, n, caller);
	if (n > CHUNK_PAYLOAD_MAX || !heap_enter(h, &state, NULL, caller))
		return heap_refuse(h);
	p = heap_alloc_from(h, n, h);
	if (p == NULL) {
		heap_fail(h, state, NULL, caller);
		return heap_refuse(h);
	}
	heap_leave(h, state, caller);
	return p;
}

void *heap_zalloc_from(struct heap *h, size_t n, const void *caller)
{
	void *p = heap_alloc_from(h, n, caller);

	if (p != NULL)
		memset(p, 0, n);
	return p;
}

/* POSIX: free keeps errno, whatever the port's callbacks do. */
WORD_COLD void heap_free_locked(struct heap *h, void *p, const void *caller)
{
	int *error = h->error != NULL ? h->error() : NULL;
	int was = error != NULL ? *error : 0;
	const struct heap_layer *layer = heap_layer(h);
	uintptr_t state;

	if (caller == h) {
		heap_inspect(h, p);
		return;
	}
	if (layer != NULL) {
		layer->free(h, p, caller);
		return;
	}
	if (p == NULL || !heap_enter(h, &state, p, caller))
		return;
	/* That looks at p first, and comes back here when it is no block. */
	heap_free_from(h, p, h);
	if (h->bins.damage.kind != HEAP_FAULT_NONE)
		heap_fail(h, state, p, caller);
	else
		heap_leave(h, state, caller);
	keep_error(error, was);
}

size_t heap_usable_size_from(struct heap *h, const void *p, const void *caller)
{
	struct chunk *c;
	size_t n;
	uintptr_t state;

	if (p == NULL || !heap_enter(h, &state, p, caller))
		return 0;
	c = heap_inspect(h, p);
	if (c == NULL) {
		heap_fail(h, state, p, caller);
		return 0;
	}
	n = chunk_head_size(c) - WORD_SIZE;
	heap_leave(h, state, caller);

	const struct heap_layer *layer = heap_layer(h);

	return layer != NULL ? layer->look(h, p, caller).size : n;
}

bool heap_has_layers(const struct heap *h)
{
	return heap_layer(h) != NULL;
}

void heap_notice(struct heap *h, enum heap_operation op, const void *caller)
{
	const struct heap_layer *layer = heap_layer(h);

	if (layer != NULL)
		layer->notice(h, op, caller);
}

/* ---- the plain names: the culprit is who called them ------------------ */

#define CALLER __builtin_return_address(0)

void *heap_alloc(struct heap *h, size_t n)
{
	return heap_alloc_from(h, n, CALLER);
}

void *heap_zalloc(struct heap *h, size_t n)
{
	return heap_zalloc_from(h, n, CALLER);
}

void *heap_alloc_aligned(struct heap *h, size_t align, size_t n)
{
	return heap_alloc_aligned_from(h, align, n, CALLER);
}

void *heap_resize(struct heap *h, void *p, size_t n)
{
	return heap_resize_from(h, p, n, CALLER);
}

void heap_free(struct heap *h, void *p)
{
	heap_free_from(h, p, CALLER);
}

size_t heap_usable_size(struct heap *h, const void *p)
{
	return heap_usable_size_from(h, p, CALLER);
}
