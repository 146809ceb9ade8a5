/* SPDX-License-Identifier: MIT */
/*
 * What only newlib's family has, nano or not: the _r names, which its own code
 * calls, the sbrk names, the lock and the tripwires.  All of them are here, or
 * an object of libc.a that has one of them brings a second heap along.
 */
#include <malloc.h>

#include "family.h"
#include "nesting.h"

const char heap_libc_glue = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

/* ---- the _r names: errno goes to *r, the rest is as in malloc.c ------ */

void *_reallocf_r(struct _reent *r, void *p, size_t n);
void _cfree_r(struct _reent *r, void *p);

void *_malloc_r(struct _reent *r, size_t n)
{
	return heap_libc_alloc(n, &r->_errno, HEAP_LIBC_CALLER);
}

void *_calloc_r(struct _reent *r, size_t count, size_t n)
{
	return heap_libc_zalloc(count, n, &r->_errno, HEAP_LIBC_CALLER);
}

void *_realloc_r(struct _reent *r, void *p, size_t n)
{
	return heap_libc_resize(p, n, &r->_errno, HEAP_LIBC_CALLER);
}

void *_reallocf_r(struct _reent *r, void *p, size_t n)
{
	return heap_libc_resize_or_free(p, n, &r->_errno, HEAP_LIBC_CALLER);
}

void _free_r(struct _reent *r, void *p)
{
	(void)r;
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

void _cfree_r(struct _reent *r, void *p) __attribute__((alias("_free_r")));

void *_memalign_r(struct _reent *r, size_t align, size_t n)
{
	return heap_libc_align(align, n, &r->_errno, HEAP_LIBC_CALLER);
}

void *_valloc_r(struct _reent *r, size_t n)
{
	return heap_libc_align(HEAP_LIBC_PAGE, n, &r->_errno, HEAP_LIBC_CALLER);
}

void *_pvalloc_r(struct _reent *r, size_t n)
{
	return heap_libc_page_align(n, &r->_errno, HEAP_LIBC_CALLER);
}

size_t _malloc_usable_size_r(struct _reent *r, void *p)
{
	(void)r;
	return heap_usable_size_from(&heap_default, p, HEAP_LIBC_CALLER);
}

struct mallinfo _mallinfo_r(struct _reent *r)
{
	(void)r;
	return mallinfo();
}

int _mallopt_r(struct _reent *r, int parameter, int value)
{
	(void)r;
	return mallopt(parameter, value);
}

int _malloc_trim_r(struct _reent *r, size_t pad)
{
	(void)r;
	return heap_trim_from(&heap_default, pad, HEAP_LIBC_CALLER) != 0;
}

void _malloc_stats_r(struct _reent *r)
{
	(void)r;
	malloc_stats();
}

/* malloc_stats under a heading. */
void mstats(char *heading)
{
	const struct heap_port *port = &heap_port_default;
	size_t n = 0;

	while (heading[n] != '\0')
		n++;
	if (port->write != NULL) {
		port->write(port->ctx, heading, n);
		port->write(port->ctx, "\n", 1);
	}
	malloc_stats();
}

void _mstats_r(struct _reent *r, char *heading)
{
	(void)r;
	mstats(heading);
}

/* ---- sbrk ------------------------------------------------------------ */

void *_sbrk_r(struct _reent *r, ptrdiff_t increment);

static void *own_sbrk(ptrdiff_t increment)
{
	return heap_libc_sbrk(increment, NULL);
}

/*
 * Weak: a program may bring its own, and where it brings _sbrk the heap grows
 * through that (see below).  Not for a port's `sbrk` to call, since these ask
 * the port.
 */
__attribute__((weak, alias("own_sbrk"))) void *_sbrk(ptrdiff_t increment);
__attribute__((weak, alias("own_sbrk"))) void *sbrk(ptrdiff_t increment);

__attribute__((weak)) void *_sbrk_r(struct _reent *r, ptrdiff_t increment)
{
	return heap_libc_sbrk(increment, &r->_errno);
}

bool heap_libc_program_sbrk(ptrdiff_t increment, void **old)
{
	void *(*theirs)(ptrdiff_t) = _sbrk;

	/* The linker knows which it is, the compiler must not think so. */
	__asm__("" : "+r"(theirs));
	if (theirs == own_sbrk)
		return false;
	*old = theirs(increment);
	return true;
}

/* ---- the lock -------------------------------------------------------- */

/*
 * The heap does not use these; they are for code that wants what newlib's own
 * malloc gave: to exclude every other user of the heap for a while.  They
 * nest, the port's lock below them does not, so this counts.  The heap must
 * not be called in between unless the port's lock happens to nest, as an
 * interrupt mask does.  Weak: programs that were made for newlib's malloc
 * bring their own pair, which then guards nothing and harms nothing.
 */
static volatile struct nesting lock;

__attribute__((weak)) void __malloc_lock(struct _reent *r)
{
	(void)r;
	nesting_acquire(&lock);
}

__attribute__((weak)) void __malloc_unlock(struct _reent *r)
{
	(void)r;
	nesting_release(&lock);
}

/* ---- tripwires: see picolibc.c --------------------------------------- */

extern const char __malloc_av_, __malloc_sbrk_base, __malloc_free_list,
	__malloc_sbrk_start, __malloc_sbrk_top;
const char __malloc_av_ = 0;
const char __malloc_sbrk_base = 0;
const char __malloc_free_list = 0;
const char __malloc_sbrk_start = 0;
const char __malloc_sbrk_top = 0;
