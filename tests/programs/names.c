/* SPDX-License-Identifier: MIT */
/*
 * What libheap.so has beside malloc: names [damage].  glibc's other names for
 * the family; and a heap that is broken when the process ends.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t n);
void __libc_free(void *p);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void *__libc_valloc(size_t n);
void *__libc_pvalloc(size_t n);

static int is_aligned(const void *p, size_t align)
{
	return p != NULL && (uintptr_t)p % align == 0;
}

static int try_names(void)
{
	char *p = __libc_malloc(100), *q;

	if (!is_aligned(p, 16))
		return 1;
	memset(p, 7, 100);
	p = __libc_realloc(p, 5000);
	if (p == NULL || p[99] != 7)
		return 2;
	/* All are of one heap. */
	q = realloc(p, 10000);
	if (q == NULL || q[99] != 7)
		return 3;
	__libc_free(q);
	p = __libc_calloc(100, 10);
	if (p == NULL || p[0] != 0 || p[999] != 0)
		return 4;
	free(p);
	p = __libc_memalign(256, 10);
	if (!is_aligned(p, 256))
		return 5;
	free(p);
	p = __libc_valloc(10);
	if (!is_aligned(p, 4096))
		return 6;
	free(p);
	p = __libc_pvalloc(10);
	if (!is_aligned(p, 4096) || malloc_usable_size(p) < 4096)
		return 7;
	free(p);
	return 0;
}

int main(int argc, char **argv)
{
	static void *kept;
	int status = try_names();

	if (status != 0)
		printf("name %d is not as it should be\n", status);
	if (argc > 1 && strcmp(argv[1], "damage") == 0) {
		/* Its own header. */
		kept = malloc(40);
		memset((char *)kept - sizeof(size_t), 0, sizeof(size_t));
	}
	return status;
}
