/* SPDX-License-Identifier: MIT */
/*
 * malloc and free on Linux.  While glibc says that the process has one thread,
 * no lock is needed, and they are made of the engine's inline functions, as
 * front.c's are where there is never one.  What these cannot serve goes the way
 * of all calls: more threads, layers, large blocks, growth, trouble.
 *
 * What comes first is quick lists, in functions that need no register to be
 * saved; the rest is called last, so that it costs them nothing.
 */
#include "host_front.h"

#include "family.h"

#if BLOCKS_MAP

const char heap_libc_host_front = 0;

/* ---- malloc ------------------------------------------------------------- */

/* Threads come here at every call: not as cold as that. */
#define APART __attribute__((noinline))

static APART void *alloc_slowly(size_t n, const void *caller)
{
	void *p;

	front_settle(n);
	p = blocks_alloc(n, caller);
	/* What waits in quick lists may be what is missing. */
	if (p == NULL && heap_quick_flush())
		p = blocks_alloc(n, caller);
	return p;
}

/*
 * Before the heap grows, what waits in quick lists is given back to it, once:
 * else a heap that is nearly full would do nothing but that.
 */
static bool flush_first(const struct heap *h)
{
	static size_t taken;

	if (h->taken == taken)
		return false;
	taken = h->taken;
	return heap_quick_flush();
}

/* No quick list had one. */
static APART void *alloc_alone(struct heap *h, size_t n, size_t size,
			       const void *caller)
{
	struct chunk *at, *c = hot_take(h, size, &at);

	if (c == NULL && flush_first(h))
		c = hot_take(h, size, &at);
	return c != NULL ? chunk_to_mem(c) : alloc_slowly(n, caller);
}

static APART WORD_COLD void *alloc_damaged(size_t n, size_t unit,
					   const void *caller)
{
	heap_quick_damaged(unit, caller);
	return alloc_slowly(n, caller);
}

void *heap_front_alloc(struct heap *h, size_t n, const void *caller)
{
	size_t size = front_size(n), unit;
	bool damaged;
	void *p;

	if (!quick_unit(size, &unit))
		return alloc_alone(h, n, size, caller);
	p = quick_take(h, unit, &damaged);
	if (p != NULL)
		return p;
	if (damaged)
		return alloc_damaged(n, unit, caller);
	return alloc_alone(h, n, size, caller);
}

void *malloc(size_t n)
{
	struct heap *h = &heap_default;

	if (front_is_open(h, n))
		return heap_front_alloc(h, n, HEAP_LIBC_CALLER);
	return alloc_slowly(n, HEAP_LIBC_CALLER);
}

/* ---- free --------------------------------------------------------------- */

/* Another thread, a layer, a mapped block, or trouble.  Keeps errno. */
static APART void free_slowly(void *p, const void *caller)
{
	heap_libc_free(p, caller);
}

/* No quick list takes it. */
static APART void free_alone(struct heap *h, void *p, const void *caller)
{
	heap_mapped_wait--;
	if (!hot_give(h, mem_to_chunk(p), h->bins.units))
		free_slowly(p, caller);
}

static APART WORD_COLD void free_doubted(struct heap *h, void *p,
					 const void *caller)
{
	if (!heap_quick_is_freed(mem_to_chunk(p), caller))
		free_alone(h, p, caller);
}

/*
 * A block that waits in a quick list is a used one to the heap: so nothing goes
 * by the lists while there is one thread.
 */
static WORD_HOT void free_quickly(struct heap *h, void *p, const void *caller)
{
	switch (quick_give(h, mem_to_chunk(p))) {
	case QUICK_TAKEN:
		return;
	case QUICK_DOUBTED:
		free_doubted(h, p, caller);
		return;
	case QUICK_REFUSED:
		break;
	}
	free_alone(h, p, caller);
}

APART void heap_front_free(struct heap *h, void *p, const void *caller)
{
	if (heap_mapped_wait == 0)
		heap_mapped_tidy();
	free_quickly(h, p, caller);
}

void free(void *p)
{
	struct heap *h = &heap_default;

	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) == 0 || !front_is_open(h, 0))
		free_slowly(p, HEAP_LIBC_CALLER);
	else if (heap_mapped_wait == 0)
		heap_front_free(h, p, HEAP_LIBC_CALLER);
	else
		free_quickly(h, p, HEAP_LIBC_CALLER);
}

#endif
