/* SPDX-License-Identifier: MIT */
/*
 * Routes a source file's malloc to the heap, and leaves libc's in place: for
 * code that must not replace malloc for the whole program.  Force it in front
 * of everything,
 *
 *	gcc -include heap_rename.h ...
 *
 * or include it before any other header of the heap.  HEAP_RENAME_OFF, defined,
 * turns it off.  It renames malloc, calloc, realloc, free, memalign,
 * aligned_alloc, posix_memalign, reallocarray, malloc_usable_size, strdup and
 * strndup, also where only their address is taken.
 *
 * The program names libc before heap.a and leaves out heap.ld, or malloc would be
 * the heap's everywhere:
 *
 *	picolibc, hosts   gcc ... app.o -lc heap.a
 *	newlib            gcc ... app.o -Wl,--start-group -lc -lnosys \
 *	                  -Wl,--end-group heap.a    (or what has _sbrk)
 *
 * Two heaps want two places: libc's grows through its sbrk, so that
 * heap_port_default needs a region of its own, such as an array and
 * heap_region_sbrk.
 *
 * A block goes back to the heap that it came from.  What libc hands out by
 * other names (asprintf, getline, realpath) is libc's: heap_rename_libc_free
 * frees it.  The other way round, libc must not free what is ours.  In C++, new
 * and delete stay libc's.
 */
#ifndef HEAP_RENAME_H
#define HEAP_RENAME_H

#if !defined HEAP_RENAME_OFF && !defined __ASSEMBLER__

#ifdef HEAP_H
#error "heap_rename.h would rename members of heap.h: include it before"
#endif

/* What declares these names, while they are still so called. */
#ifdef __cplusplus
#include <cstdlib>
#include <cstring>
#else
#include <stdlib.h>
#include <string.h>
#endif
#include <malloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * As C11 and POSIX have them, over heap_default: failure is NULL and ENOMEM;
 * free keeps errno; realloc to 0 frees.  What a fault or an observer is told
 * as the caller is the caller of these.
 */
void *heap_std_malloc(size_t n);
void *heap_std_calloc(size_t count, size_t n);
void *heap_std_realloc(void *p, size_t n);
void *heap_std_reallocarray(void *p, size_t count, size_t n);
void heap_std_free(void *p);
void *heap_std_memalign(size_t align, size_t n);
void *heap_std_aligned_alloc(size_t align, size_t n);
int heap_std_posix_memalign(void **memptr, size_t align, size_t n);
size_t heap_std_malloc_usable_size(void *p);
char *heap_std_strdup(const char *text);
char *heap_std_strndup(const char *text, size_t n);

/* Free what libc has allocated. */
static inline void heap_rename_libc_free(void *p)
{
	free(p);
}

#ifdef __cplusplus
}

namespace std
{
using ::heap_std_aligned_alloc;
using ::heap_std_calloc;
using ::heap_std_free;
using ::heap_std_malloc;
using ::heap_std_realloc;
} // namespace std
#endif

/* Some libcs have macros of these names. */
#undef malloc
#undef calloc
#undef realloc
#undef reallocarray
#undef free
#undef memalign
#undef aligned_alloc
#undef posix_memalign
#undef malloc_usable_size
#undef strdup
#undef strndup

#define malloc             heap_std_malloc
#define calloc             heap_std_calloc
#define realloc            heap_std_realloc
#define reallocarray       heap_std_reallocarray
#define free               heap_std_free
#define memalign           heap_std_memalign
#define aligned_alloc      heap_std_aligned_alloc
#define posix_memalign     heap_std_posix_memalign
#define malloc_usable_size heap_std_malloc_usable_size
#define strdup             heap_std_strdup
#define strndup            heap_std_strndup

#endif
#endif
