/* SPDX-License-Identifier: MIT */
/*
 * L4: the edges of the lock.  Check arguments, lock, core, unlock; what went
 * wrong is told after the lock is released.
 */
#include "enter.h"

/*
 * The heap behind malloc, where there is one, and how its malloc family tells a
 * refusal, without the lock.  Weak, so that neither is linked for the asking.
 */
extern __attribute__((weak)) struct heap heap_default;
extern __attribute__((weak)) const struct heap_port heap_port_default;
__attribute__((weak)) void heap_libc_exhausted(void);

/* ---- faults ----------------------------------------------------------- */

WORD_COLD void *heap_fail(struct heap *h, uintptr_t state, const void *mem,
			  const void *caller)
{
	struct damage damage = h->bins.damage;

	h->bins.damage = (struct damage){0};
	if (damage.kind == HEAP_FAULT_NONE) {
		h->failures++;
		heap_unlock(h, state);
	} else {
		heap_fault_tell(h, state, &damage, mem, caller);
	}
	return NULL;
}

#if HEAP_CHECK != 0
/* Does the check word say that `port` is the heap's? */
static bool is_port_of(struct heap *h, const struct heap_port *port)
{
	h->port = port;
	return h->base != NULL ? h->check == heap_slow_check(h)
			       : port == &heap_port_default;
}

WORD_COLD void heap_mend(struct heap *h, const void *mem, const void *caller)
{
	static const struct heap_port nothing = {0};
	const struct damage damage = {HEAP_FAULT_INVARIANT, HEAP_I8, NULL};
	const struct heap_port *port = h->port, *copy = h->port_copy;

	if (!is_port_of(h, port))
		port = is_port_of(h, copy) ? copy : &nothing;
	heap_set_port(h, port);
	heap_tell(h, &damage, mem, caller);
}
#else
void heap_mend(struct heap *h, const void *mem, const void *caller)
{
	(void)h;
	(void)mem;
	(void)caller;
}
#endif

/* Which of the two is right cannot be known: no layer. */
static WORD_COLD bool lost_layer(struct heap *h, uintptr_t *state,
				 const void *mem, const void *caller)
{
	uintptr_t held = *state;

	/* malloc would answer it: see heap_enter_alloc. */
	*state = 0;
#if HEAP_CHECK != 0
	h->layer = NULL;
	h->layer_copy = NULL;
#endif
	h->bins.damage.kind = HEAP_FAULT_NONE;
	heap_bins_blame(&h->bins, HEAP_FAULT_INVARIANT, HEAP_I8, NULL);
	heap_fail(h, held, mem, caller);
	return false;
}

bool heap_enter(struct heap *h, uintptr_t *state, const void *mem,
		const void *caller)
{
	const struct heap_port *port = h->port;

	if (!heap_port_is_sound(h)) {
		heap_mend(h, mem, caller);
		return false;
	}
	if (port->in_isr != NULL && port->in_isr(port->ctx))
		return heap_fault_interrupt(h, mem, caller);
	*state = heap_lock(h);
	if (!heap_layer_is_sound(h))
		return lost_layer(h, state, mem, caller);
	h->bins.damage.kind = HEAP_FAULT_NONE;
	return true;
}

WORD_COLD bool heap_again(struct heap *h, uintptr_t *state, const void *caller)
{
	const struct heap_pending *pending = h->port->pending;

	return pending != NULL && h->bins.damage.kind == HEAP_FAULT_NONE &&
	       pending->calls->again(h, state, caller);
}

/* Debug: a slice of the heap is sound when an operation ends. */
static WORD_COLD void prove(struct heap *h, uintptr_t state, const void *caller)
{
	struct damage damage = {.kind = HEAP_FAULT_INVARIANT};

	damage.invariant = heap_slice_check(h, &damage.chunk);
	if (damage.invariant == HEAP_OK)
		heap_unlock(h, state);
	else
		heap_fault_tell(h, state, &damage, NULL, caller);
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
	if (h == &heap_default && heap_libc_exhausted != NULL)
		heap_libc_exhausted();
	return NULL;
}

void heap_set_fast(struct heap *h)
{
	bool idle = h->port->lock == NULL && h->port->in_isr == NULL &&
		    heap_layer(h) == NULL;

	if (HEAP_CHECK < 3 && idle) {
		h->bins.fast = CHUNK_PAYLOAD_MAX + 1;
		h->bins.open = h->bins.units;
	} else if (h->bins.fast != 0) {
		/* Threads look at it without the lock: not without need. */
		h->bins.fast = 0;
		h->bins.open = 0;
	}
}

/* The end of an allocation that may have failed. */
static WORD_HOT void *served(struct heap *h, uintptr_t state, struct chunk *c,
			     const void *caller)
{
	if (c == NULL) {
		heap_fail(h, state, NULL, caller);
		return heap_refuse(h);
	}
	return chunk_to_mem(c);
}

void *heap_alloc_engine(struct heap *h, size_t n, const void *caller)
{
	uintptr_t state;
	struct chunk *c;

	/* Nothing to lock. */
	if (HEAP_CHECK < 3 && n < h->bins.fast) {
		h->bins.damage.kind = HEAP_FAULT_NONE;
		c = heap_take(h, chunk_round(n));
		return served(h, 0, c, caller);
	}
	if (n > CHUNK_PAYLOAD_MAX)
		return heap_refuse(h);
	if (!heap_enter_alloc(h, &state, n, caller))
		return state != 0 ? (void *)state : heap_refuse(h);
	do
		c = HEAP_CHECK >= 3 ? heap_debug_alloc(h, n, caller)
				    : heap_take(h, chunk_round(n));
	while (c == NULL && heap_again(h, &state, caller));
	if (c != NULL)
		heap_leave(h, state, caller);
	return served(h, state, c, caller);
}

static WORD_COLD void *alloc_layered(struct heap *h, size_t n,
				     const void *caller)
{
	const struct heap_layer *layer = heap_layer(h);

	return layer != NULL ? layer->alloc(h, n, caller)
			     : heap_alloc_engine(h, n, caller);
}

void *heap_alloc_from(struct heap *h, size_t n, const void *caller)
{
	if (heap_may_have_layer(h))
		return alloc_layered(h, n, caller);
	return heap_alloc_engine(h, n, caller);
}

void *heap_zalloc_from(struct heap *h, size_t n, const void *caller)
{
	void *p = heap_alloc_from(h, n, caller);

	if (p != NULL)
		memset(p, 0, n);
	return p;
}

void heap_free_engine(struct heap *h, void *p, const void *caller)
{
	uintptr_t state = 0;
	bool idle = HEAP_CHECK < 3 && h->bins.fast != 0;

	if (p == NULL)
		return;
	if (idle)
		h->bins.damage.kind = HEAP_FAULT_NONE;
	else if (!heap_enter_free(h, &state, p, caller))
		return;
	if (HEAP_CHECK >= 3 ? !heap_debug_free(h, p, caller)
			    : !heap_give(h, mem_to_chunk(p)))
		heap_fail(h, state, p, caller);
	else if (!idle)
		heap_leave(h, state, caller);
}

static WORD_COLD void free_layered(struct heap *h, void *p, const void *caller)
{
	const struct heap_layer *layer = heap_layer(h);

	if (layer != NULL)
		layer->free(h, p, caller);
	else
		heap_free_engine(h, p, caller);
}

void heap_free_from(struct heap *h, void *p, const void *caller)
{
	if (!heap_may_have_layer(h))
		heap_free_engine(h, p, caller);
	else
		free_layered(h, p, caller);
}

size_t heap_block_size(struct heap *h, const void *p)
{
	const struct chunk *c =
		HEAP_CHECK >= 3 ? heap_debug_inspect(h, p) : heap_inspect(h, p);

	if (c == NULL)
		return 0;
	return HEAP_CHECK >= 3 ? heap_debug_asked(c)
			       : chunk_head_size(c) - WORD_SIZE;
}

size_t heap_usable_size_from(struct heap *h, const void *p, const void *caller)
{
	const struct heap_layer *layer = heap_layer(h);
	uintptr_t state;
	size_t n;

	if (p == NULL || !heap_enter_work(h, &state, p, caller))
		return 0;
	n = heap_block_size(h, p);
	if (h->bins.damage.kind != HEAP_FAULT_NONE) {
		heap_fail(h, state, p, caller);
		return 0;
	}
	heap_leave(h, state, caller);
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
