/* SPDX-License-Identifier: MIT */
/*
 * The malloc family over the default heap: C11 7.22.3, POSIX.1-2024, and what
 * glibc, newlib and picolibc have beside them.
 *
 * Common to all.  Every failure to find memory answers NULL with ENOMEM and
 * leaves the heap as it was.  A size of 0 gives a unique pointer that can be
 * freed; realloc with a size of 0 frees.  A pointer that is none of ours goes
 * to the port's `fault`, with the return address of the function below that
 * the program called; the call has then no effect.
 *
 * Build it freestanding: a compiler that knows malloc's meaning may turn the
 * body of one of these into a call of another.
 */
#include <errno.h>

#include "blocks.h"
#include "family.h"

const char heap_libc_malloc = 0;
HEAP_LIBC_HOLD(heap_libc_front);
HEAP_LIBC_HOLD(heap_libc_info);
HEAP_LIBC_HOLD(heap_libc_glue);

_Static_assert((HEAP_LIBC_PAGE & (HEAP_LIBC_PAGE - 1)) == 0,
	       "a page is a power of two of bytes");

static bool is_power_of_two(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static void *fail(int *error, int number)
{
	if (error == NULL)
		error = &errno;
	*error = number;
	return NULL;
}

static void *or_enomem(void *p, int *error)
{
	return p != NULL ? p : fail(error, ENOMEM);
}

/* What the engine does to errno on behalf of the default heap. */
void heap_libc_exhausted(void);
int *heap_libc_error(void);

void heap_libc_exhausted(void)
{
	errno = ENOMEM;
}

int *heap_libc_error(void)
{
	return &errno;
}

/* ---- bodies ---------------------------------------------------------- */

void *heap_libc_alloc(size_t n, int *error, const void *caller)
{
	return or_enomem(blocks_alloc(n, caller), error);
}

void *heap_libc_zalloc(size_t count, size_t n, int *error, const void *caller)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes))
		return fail(error, ENOMEM);
	return or_enomem(blocks_zalloc(bytes, caller), error);
}

/*
 * POSIX: free keeps errno, whatever the port's callbacks do.  It is not written
 * without need: where it is thread-local, it lies at the vectors until startup
 * has set the thread up.
 */
void heap_libc_free(void *p, const void *caller)
{
	int was = errno;

	blocks_free(p, caller);
	if (errno != was)
		errno = was;
}

/* What frees leaves errno alone; a hook may answer. */
__attribute__((noinline, cold)) static void *
resize_to_nothing(void *p, const void *caller)
{
	int was = errno;
	void *q = blocks_resize(p, 0, caller);

	if (errno != was)
		errno = was;
	return q;
}

void *heap_libc_resize(void *p, size_t n, int *error, const void *caller)
{
	if (p != NULL && n == 0)
		return resize_to_nothing(p, caller);
	return or_enomem(blocks_resize(p, n, caller), error);
}

/*
 * Its first line keeps a bad pointer from being reported twice; not where a
 * block of 0 bytes has 0 that may be used.
 */
void *heap_libc_resize_or_free(void *p, size_t n, int *error,
			       const void *caller)
{
	if (HEAP_CHECK < 3 && p != NULL && n != 0 &&
	    blocks_usable_size(p, caller) == 0)
		return fail(error, ENOMEM);

	void *q = heap_libc_resize(p, n, error, caller);

	if (q == NULL && n != 0)
		heap_libc_free(p, caller);
	return q;
}

void *heap_libc_align(size_t align, size_t n, int *error, const void *caller)
{
	if (!is_power_of_two(align))
		return fail(error, EINVAL);
	return or_enomem(blocks_align(align, n, caller), error);
}

void *heap_libc_page_align(size_t n, int *error, const void *caller)
{
	const size_t rest = HEAP_LIBC_PAGE - 1;

	if (n == 0)
		n = 1;
	if (n > SIZE_MAX - rest)
		return fail(error, ENOMEM);
	return heap_libc_align(HEAP_LIBC_PAGE, (n + rest) & ~rest, error,
			       caller);
}

/* ---- C11 ------------------------------------------------------------- */

/* malloc, realloc and free are in front.c; of Linux, elsewhere. */

/* count * n zero bytes; a product above SIZE_MAX is ENOMEM. */
void *calloc(size_t count, size_t n)
{
	return heap_libc_zalloc(count, n, NULL, HEAP_LIBC_CALLER);
}

/* Any power of two, n any size; another alignment is EINVAL. */
void *aligned_alloc(size_t align, size_t n)
{
	return heap_libc_align(align, n, NULL, HEAP_LIBC_CALLER);
}

/* ---- POSIX ----------------------------------------------------------- */

/*
 * Returns 0 with the block in *memptr, ENOMEM, or EINVAL iff align is no power
 * of two or below sizeof(void *).  On failure *memptr is as before, and errno
 * always.
 */
int posix_memalign(void **memptr, size_t align, size_t n)
{
	if (!is_power_of_two(align) || align < sizeof(void *))
		return EINVAL;

	int before = errno;
	void *p = blocks_align(align, n, HEAP_LIBC_CALLER);

	/* As in the engine: not without need. */
	if (errno != before)
		errno = before;
	if (p == NULL)
		return ENOMEM;
	*memptr = p;
	return 0;
}

/* realloc to count * n bytes; a product above SIZE_MAX is ENOMEM, p kept. */
void *reallocarray(void *p, size_t count, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes))
		return fail(NULL, ENOMEM);
	return heap_libc_resize(p, bytes, NULL, HEAP_LIBC_CALLER);
}

/* ---- older names ----------------------------------------------------- */

/*
 * Aliases where the bodies are the same: the compiler would make one call the
 * other, and a fault would name us as the culprit.
 */
void *memalign(size_t align, size_t n) __attribute__((alias("aligned_alloc")));
void cfree(void *p)
{
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

/* n bytes at a multiple of HEAP_LIBC_PAGE. */
void *valloc(size_t n)
{
	return heap_libc_align(HEAP_LIBC_PAGE, n, NULL, HEAP_LIBC_CALLER);
}

/* valloc of n bytes rounded up to whole pages, at least one. */
void *pvalloc(size_t n)
{
	return heap_libc_page_align(n, NULL, HEAP_LIBC_CALLER);
}

/* realloc that frees p when it fails: BSD. */
void *reallocf(void *p, size_t n)
{
	return heap_libc_resize_or_free(p, n, NULL, HEAP_LIBC_CALLER);
}

/* Bytes that may be used at p, at least those asked for; 0 for NULL. */
size_t malloc_usable_size(void *p)
{
	return blocks_usable_size(p, HEAP_LIBC_CALLER);
}
