/* SPDX-License-Identifier: MIT */
/*
 * What the members of the malloc family share.
 *
 * The family must come out of the archive whole: with one of its names taken
 * from here and another from libc's archive there are two heaps in an image.
 * So every member holds on to malloc.c, and malloc.c to every member; the
 * sections of what nobody calls are dropped by --gc-sections, the references
 * included.
 */
#ifndef HEAP_LIBC_FAMILY_H
#define HEAP_LIBC_FAMILY_H

#include "heap.h"

/* One a member, defined in the file of that name; the value means nothing. */
extern const char heap_libc_malloc;
extern const char heap_libc_front;
extern const char heap_libc_info;
extern const char heap_libc_glue;    /* host.c, picolibc.c or newlib.c */
extern const char heap_libc_process; /* host_process.c, held by host.c */
/* Likewise, where these have malloc, free, and realloc. */
extern const char heap_libc_host_front;
extern const char heap_libc_host_resize;

/* Hold on to a member without a byte in the image. */
#define HEAP_LIBC_HOLD(member)                                                 \
	static const char *const hold_##member __attribute__((used)) = &(member)

/*
 * What a fault names as the culprit: only right in an exported function.
 * heap-min.a finds no faults to name it in.
 */
#define HEAP_LIBC_CALLER (HEAP_CHECK == 0 ? NULL : __builtin_return_address(0))

/*
 * The bytes that valloc and pvalloc call a page: a power of two.
 * A machine without paging has none; 4096 is what newlib answers.
 */
#ifndef HEAP_LIBC_PAGE
#define HEAP_LIBC_PAGE 4096
#endif

/* Some of these are in no header of one libc or another. */
#pragma GCC visibility push(default)
void *malloc(size_t n);
void free(void *p);
void *calloc(size_t count, size_t n);
void *realloc(void *p, size_t n);
void *reallocarray(void *p, size_t count, size_t n);
void *reallocf(void *p, size_t n);
void *memalign(size_t align, size_t n);
void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **memptr, size_t align, size_t n);
void *valloc(size_t n);
void *pvalloc(size_t n);
void cfree(void *p);
size_t malloc_usable_size(void *p);
int mallopt(int param, int val);
int malloc_trim(size_t pad);
void malloc_stats(void);
struct mallinfo mallinfo(void);
#pragma GCC visibility pop

/*
 * The family's bodies, for malloc.c and for newlib's _r names.  They answer as
 * the names in malloc.c document.  `error` is where errno is written on
 * failure, NULL for errno itself; `caller` is the return address of the
 * function that the program called.
 */
void *heap_libc_alloc(size_t n, int *error, const void *caller);
void *heap_libc_zalloc(size_t count, size_t n, int *error, const void *caller);
void *heap_libc_resize(void *p, size_t n, int *error, const void *caller);
void *heap_libc_resize_or_free(void *p, size_t n, int *error,
			       const void *caller);
void *heap_libc_align(size_t align, size_t n, int *error, const void *caller);
void *heap_libc_page_align(size_t n, int *error, const void *caller);
void heap_libc_free(void *p, const void *caller);

/*
 * Move the default port's break as sbrk does, under its lock: the old break,
 * or (void *)-1 with ENOMEM.  What others obtain so, the heap never touches.
 */
void *heap_libc_sbrk(ptrdiff_t increment, int *error);

/*
 * Ask the sbrk that the program brought in place of the libc's: false when it
 * brought none, and the linker's region is ours to move in.  For the port's
 * heap_linker_sbrk, which does not need the libc part to be there.
 */
bool heap_libc_program_sbrk(ptrdiff_t increment, void **old);

#endif
