/* SPDX-License-Identifier: MIT */
/*
 * Compiled with -include heap_rename.h: its malloc is the heap's.  Every name is
 * tried, and what it answers is in the heap's pool.
 */
#include <errno.h>
#include <stdio.h>

#include "beside.h"

/* A member called free, and an allocator given by address, as in libraries. */
static const struct {
	void *(*allocate)(size_t n);
	void (*free)(void *p);
} by_address = {malloc, free};

static int try_failures(void)
{
	void *p = malloc(8);
	void *old = p;

	errno = 0;
	if (malloc(SIZE_MAX / 2) != NULL || errno != ENOMEM)
		return 20;
	errno = 0;
	if (calloc(SIZE_MAX / 2, 4) != NULL || errno != ENOMEM)
		return 21;
	errno = 0;
	if (reallocarray(p, SIZE_MAX / 2, 4) != NULL || errno != ENOMEM)
		return 22;
	errno = 0;
	if (realloc(p, SIZE_MAX / 2) != NULL || errno != ENOMEM)
		return 23;
	errno = 0;
	if (aligned_alloc(24, 8) != NULL || errno != EINVAL)
		return 24;
	errno = 7;
	if (posix_memalign(&p, 24, 8) != EINVAL ||
	    posix_memalign(&p, 32, SIZE_MAX / 2) != ENOMEM || p != old ||
	    errno != 7)
		return 25;
	errno = 7;
	free(p);
	return errno == 7 ? 0 : 26;
}

int try_renamed(void)
{
	void *p = NULL;
	char *text;

	if (!is_ours(p = malloc(10)) || malloc_usable_size(p) < 10)
		return 10;
	if (!is_ours(p = realloc(p, 500)) || realloc(p, 0) != NULL)
		return 11;
	if (!is_ours(p = calloc(3, 5)))
		return 12;
	if (!is_ours(p = reallocarray(p, 30, 5)))
		return 13;
	free(p);
	if (!is_ours(p = memalign(64, 5)) || (uintptr_t)p % 64 != 0)
		return 14;
	free(p);
	if (!is_ours(p = aligned_alloc(128, 5)) || (uintptr_t)p % 128 != 0)
		return 15;
	free(p);
	if (posix_memalign(&p, 64, 5) != 0 || !is_ours(p))
		return 16;
	free(p);
	if (!is_ours(text = strdup("a text")) || strcmp(text, "a text") != 0)
		return 17;
	free(text);
	if (!is_ours(text = strndup("a text", 3)) || strcmp(text, "a t") != 0)
		return 18;
	by_address.free(text);
	if (!is_ours(p = by_address.allocate(4)))
		return 19;
	by_address.free(p);
	free(NULL);
	return try_failures();
}

/* libc's block: this file's free would refuse it. */
int try_libc_block(void)
{
	char *text = libc_block();

	if (is_ours(text))
		return 30;
	heap_rename_libc_free(text);
	return 0;
}

__attribute__((noinline)) void misuse(void)
{
	static char not_a_block[16];

	free(not_a_block + 1);
	__asm__ volatile("");
}

__attribute__((noinline)) void behind_misuse(void)
{
	__asm__ volatile("");
}
