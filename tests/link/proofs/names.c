/* SPDX-License-Identifier: MIT */
/* Calls every name of the family, and frees with one what another gave. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "witness.h"

/* Some libc's header lacks one or another of these. */
void *memalign(size_t align, size_t n);
void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **mem, size_t align, size_t n);
void *valloc(size_t n);
void *pvalloc(size_t n);
void *reallocarray(void *p, size_t count, size_t n);
void *reallocf(void *p, size_t n);
void cfree(void *p);
size_t malloc_usable_size(void *p);
int mallopt(int parameter, int value);
void malloc_stats(void);
int malloc_trim(size_t pad);
void *sbrk(ptrdiff_t increment);

#ifndef __PICOLIBC__
#include <reent.h>

void *_malloc_r(struct _reent *r, size_t n);
void *_calloc_r(struct _reent *r, size_t count, size_t n);
void *_realloc_r(struct _reent *r, void *p, size_t n);
void *_reallocf_r(struct _reent *r, void *p, size_t n);
void *_memalign_r(struct _reent *r, size_t align, size_t n);
void *_valloc_r(struct _reent *r, size_t n);
void *_pvalloc_r(struct _reent *r, size_t n);
void _free_r(struct _reent *r, void *p);
void _cfree_r(struct _reent *r, void *p);
size_t _malloc_usable_size_r(struct _reent *r, void *p);
struct mallinfo _mallinfo_r(struct _reent *r);
int _mallopt_r(struct _reent *r, int parameter, int value);
int _malloc_trim_r(struct _reent *r, size_t pad);
void _malloc_stats_r(struct _reent *r);
void mstats(char *heading);
void _mstats_r(struct _reent *r, char *heading);
void *_sbrk(ptrdiff_t increment);
void *_sbrk_r(struct _reent *r, ptrdiff_t increment);
void __malloc_lock(struct _reent *r);
void __malloc_unlock(struct _reent *r);

static void reentrant(void)
{
	static char heading[] = "heading";
	struct _reent *r = _REENT;
	void *p = _malloc_r(r, 10);

	SHOW(inside(p) && _malloc_usable_size_r(r, p) >= 10);
	p = realloc(p, 1000);
	p = _realloc_r(r, p, 2000);
	p = _reallocf_r(r, p, 3000);
	SHOW(inside(p));
	free(p);
	p = malloc(20);
	_free_r(r, p);
	p = _calloc_r(r, 2, 8);
	SHOW(inside(p));
	_cfree_r(r, p);
	p = _memalign_r(r, 64, 10);
	SHOW(inside(p) && (uintptr_t)p % 64 == 0);
	free(p);
	free(_valloc_r(r, 10));
	free(_pvalloc_r(r, 10));
	SHOW(_mallinfo_r(r).arena != 0);
	_mallopt_r(r, 0, 0);
	_malloc_trim_r(r, 0);
	_malloc_stats_r(r);
	mstats(heading);
	_mstats_r(r, heading);
	SHOW(_sbrk(0) == sbrk(0) && _sbrk_r(r, 0) == sbrk(0));
	__malloc_lock(r);
	__malloc_unlock(r);
}
#else
void *__malloc_malloc(size_t n);
void __malloc_free(void *p);

static void reentrant(void)
{
	void *p = __malloc_malloc(10);

	SHOW(inside(p));
	__malloc_free(p);
}
#endif

static void aligned(void)
{
	void *p = memalign(32, 10);

	SHOW(inside(p) && (uintptr_t)p % 32 == 0);
	free(p);
	p = aligned_alloc(64, 128);
	SHOW(inside(p) && (uintptr_t)p % 64 == 0);
	free(p);
	SHOW(posix_memalign(&p, 128, 10) == 0);
	SHOW(inside(p) && (uintptr_t)p % 128 == 0);
	free(p);
	p = valloc(10);
	SHOW(inside(p));
	free(p);
	p = pvalloc(10);
	SHOW(inside(p) && malloc_usable_size(p) >= 4096);
	cfree(p);
}

int main(void)
{
	void *p = malloc(10);

	SHOW(inside(p));
	p = reallocarray(p, 10, 20);
	p = reallocf(p, 300);
	p = realloc(p, 30);
	SHOW(inside(p));
	free(p);
	p = calloc(3, 7);
	SHOW(inside(p));
	cfree(p);
	aligned();
	reentrant();
	SHOW(mallinfo().arena != 0);
	mallopt(0, 0);
	malloc_stats();
	malloc_trim(0);
	SHOW(sbrk(0) != (void *)-1);
	return shown();
}
