/* SPDX-License-Identifier: MIT */
/*
 * What heap_rename.h renames to.  Nothing here may want a member of the malloc
 * family: libc's is to stay in place.
 */
#include <errno.h>

#include "family.h"

/* heap_rename.h has them too, but also renames what is declared here. */
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
char *heap_std_strndup(const char *text, size_t most);

static bool is_power_of_two(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static void *or_enomem(void *p)
{
	if (p == NULL)
		errno = ENOMEM;
	return p;
}

/* The port's callbacks may change errno; not written without need. */
static void keep_errno(int before)
{
	if (errno != before)
		errno = before;
}

static void release(void *p, const void *caller)
{
	int before = errno;

	heap_free_from(&heap_default, p, caller);
	keep_errno(before);
}

static void *resize(void *p, size_t n, const void *caller)
{
	if (p != NULL && n == 0) {
		release(p, caller);
		return NULL;
	}
	return or_enomem(heap_resize_from(&heap_default, p, n, caller));
}

/* The first n bytes of a text, and an end mark. */
static char *copy(const char *text, size_t n, const void *caller)
{
	char *block = or_enomem(heap_alloc_from(&heap_default, n + 1, caller));

	if (block == NULL)
		return NULL;
	__builtin_memcpy(block, text, n);
	block[n] = '\0';
	return block;
}

void *heap_std_malloc(size_t n)
{
	return or_enomem(heap_alloc_from(&heap_default, n, HEAP_LIBC_CALLER));
}

void *heap_std_calloc(size_t count, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes))
		return or_enomem(NULL);
	return or_enomem(
		heap_zalloc_from(&heap_default, bytes, HEAP_LIBC_CALLER));
}

void *heap_std_realloc(void *p, size_t n)
{
	return resize(p, n, HEAP_LIBC_CALLER);
}

void *heap_std_reallocarray(void *p, size_t count, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes))
		return or_enomem(NULL);
	return resize(p, bytes, HEAP_LIBC_CALLER);
}

void heap_std_free(void *p)
{
	release(p, HEAP_LIBC_CALLER);
}

void *heap_std_aligned_alloc(size_t align, size_t n)
{
	if (!is_power_of_two(align)) {
		errno = EINVAL;
		return NULL;
	}
	return or_enomem(heap_alloc_aligned_from(&heap_default, align, n,
						 HEAP_LIBC_CALLER));
}

void *heap_std_memalign(size_t align, size_t n)
	__attribute__((alias("heap_std_aligned_alloc")));

int heap_std_posix_memalign(void **memptr, size_t align, size_t n)
{
	int before = errno;
	void *p;

	if (!is_power_of_two(align) || align < sizeof(void *))
		return EINVAL;
	p = heap_alloc_aligned_from(&heap_default, align, n, HEAP_LIBC_CALLER);
	keep_errno(before);
	if (p == NULL)
		return ENOMEM;
	*memptr = p;
	return 0;
}

size_t heap_std_malloc_usable_size(void *p)
{
	return heap_usable_size_from(&heap_default, p, HEAP_LIBC_CALLER);
}

char *heap_std_strdup(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return copy(text, n, HEAP_LIBC_CALLER);
}

char *heap_std_strndup(const char *text, size_t most)
{
	size_t n = 0;

	while (n < most && text[n] != '\0')
		n++;
	return copy(text, n, HEAP_LIBC_CALLER);
}
