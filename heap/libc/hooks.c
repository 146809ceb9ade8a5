/* SPDX-License-Identifier: MIT */
/*
 * The classic malloc hooks: variables, and the layer that looks at them.  A
 * program that names one of them has all of this, and its heap_default the
 * layer from the start; no other program has any.
 */
#include "heap_malloc_hooks.h"
#include "layer.h"

#if HEAP_CHECK != 0

void *(*volatile __malloc_hook)(size_t size, const void *caller);
void *(*volatile __realloc_hook)(void *p, size_t size, const void *caller);
void *(*volatile __memalign_hook)(size_t alignment, size_t size,
				  const void *caller);
void (*volatile __free_hook)(void *p, const void *caller);
void (*volatile __after_morecore_hook)(void);

/* The program's own definition comes before this one. */
extern void (*volatile __malloc_initialize_hook)(void);
__attribute__((weak)) void (*volatile __malloc_initialize_hook)(void);

/* The layer below, after what the first call of all has to do. */
static const struct heap_layer *below(const struct heap *h)
{
	static volatile bool started;
	void (*init)(void) = __malloc_initialize_hook;

	if (!started) {
		started = true;
		if (init != NULL)
			init();
	}
	return heap_layer_below(h, HEAP_RANK_HOOKS);
}

/* What the heap had taken at the last call. */
static volatile size_t seen;

static void look_for_growth(const struct heap *h)
{
	void (*hook)(void) = __after_morecore_hook;
	size_t was = seen, taken = heap_layer_taken(h);

	seen = taken;
	if (taken > was && hook != NULL)
		hook();
}

static void *hooked_alloc(struct heap *h, size_t n, const void *caller)
{
	const struct heap_layer *next = below(h);
	void *(*hook)(size_t, const void *) = __malloc_hook;
	void *p;

	if (hook != NULL)
		return hook(n, caller);
	p = next->alloc(h, n, caller);
	look_for_growth(h);
	return p;
}

static void *hooked_align(struct heap *h, size_t align, size_t n,
			  const void *caller)
{
	const struct heap_layer *next = below(h);
	void *(*hook)(size_t, size_t, const void *) = __memalign_hook;
	void *p;

	if (hook != NULL)
		return hook(align, n, caller);
	p = next->align(h, align, n, caller);
	look_for_growth(h);
	return p;
}

static void hooked_free(struct heap *h, void *p, const void *caller)
{
	const struct heap_layer *next = below(h);
	void (*hook)(void *, const void *) = __free_hook;

	if (hook != NULL)
		hook(p, caller);
	else if (p != NULL)
		next->free(h, p, caller);
}

static void *hooked_resize(struct heap *h, void *p, size_t n,
			   const void *caller)
{
	const struct heap_layer *next = below(h);
	void *(*hook)(void *, size_t, const void *) = __realloc_hook;

	if (hook != NULL)
		return hook(p, n, caller);
	if (p == NULL)
		p = next->alloc(h, n, caller);
	else if (n != 0)
		p = next->resize(h, p, n, caller);
	else {
		next->free(h, p, caller);
		return NULL;
	}
	look_for_growth(h);
	return p;
}

static struct heap_block hooked_look(struct heap *h, const void *p,
				     const void *caller)
{
	return heap_layer_below(h, HEAP_RANK_HOOKS)->look(h, p, caller);
}

static void hooked_late(struct heap *h, const void *p)
{
	heap_layer_below(h, HEAP_RANK_HOOKS)->late(h, p);
}

static void hooked_notice(struct heap *h, enum heap_operation op,
			  const void *caller)
{
	heap_layer_below(h, HEAP_RANK_HOOKS)->notice(h, op, caller);
	/* What is given back now, and taken again, is growth. */
	seen = heap_layer_taken(h);
}

extern const struct heap_layer heap_libc_hooks;
const struct heap_layer heap_libc_hooks = {
	.alloc = hooked_alloc,
	.align = hooked_align,
	.resize = hooked_resize,
	.free = hooked_free,
	.look = hooked_look,
	.late = hooked_late,
	.notice = hooked_notice,
};

#endif
