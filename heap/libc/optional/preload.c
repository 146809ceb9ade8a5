/* SPDX-License-Identifier: MIT */
/*
 * What libheap.so has beside the family: glibc's other names for it, which
 * some programs call, and a check when the process ends.
 */
#include "../blocks.h"
#include "../family.h"
#include "heap_linux.h"

#pragma GCC visibility push(default)
void *__libc_malloc(size_t n);
void __libc_free(void *p);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void *__libc_valloc(size_t n);
void *__libc_pvalloc(size_t n);
#pragma GCC visibility pop

void *__libc_malloc(size_t n)
{
	return heap_libc_alloc(n, NULL, HEAP_LIBC_CALLER);
}

void __libc_free(void *p)
{
	heap_libc_free(p, HEAP_LIBC_CALLER);
}

void *__libc_calloc(size_t count, size_t n)
{
	return heap_libc_zalloc(count, n, NULL, HEAP_LIBC_CALLER);
}

void *__libc_realloc(void *p, size_t n)
{
	return heap_libc_resize(p, n, NULL, HEAP_LIBC_CALLER);
}

void *__libc_memalign(size_t align, size_t n)
{
	return heap_libc_align(align, n, NULL, HEAP_LIBC_CALLER);
}

void *__libc_valloc(size_t n)
{
	return heap_libc_align(HEAP_LIBC_PAGE, n, NULL, HEAP_LIBC_CALLER);
}

void *__libc_pvalloc(size_t n)
{
	return heap_libc_page_align(n, NULL, HEAP_LIBC_CALLER);
}

/* ---- at exit ----------------------------------------------------------- */

char *secure_getenv(const char *name);
int open(const char *path, int flags, ...);
ptrdiff_t write(int file, const void *bytes, size_t n);
int close(int file);

enum { APPEND_CREATE = 02000 | 0100 | 01 };

struct line {
	size_t n;
	char text[160];
};

static void put(struct line *line, const char *text)
{
	while (*text != '\0' && line->n < sizeof(line->text))
		line->text[line->n++] = *text++;
}

static void put_number(struct line *line, size_t n)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	put(line, &digits[at]);
}

extern char *program_invocation_short_name;

/*
 * HEAP_AT_EXIT=FILE: a line behind FILE when the process exits, "sound" or the
 * number of the invariant that is broken, and what the heap then was.
 */
__attribute__((destructor)) static void check_at_exit(void)
{
	const char *path = secure_getenv("HEAP_AT_EXIT");
	struct heap_stats s;
	struct line line = {0};
	enum heap_invariant broken;
	int file;

	if (path == NULL)
		return;
	blocks_settle();
	broken = heap_check(&heap_default, NULL);
	heap_stats(&heap_default, &s);
	put(&line, broken == HEAP_OK ? "sound" : "broken I");
	if (broken != HEAP_OK)
		put_number(&line, (size_t)broken);
	put(&line, " ");
	put(&line, program_invocation_short_name);
	put(&line, " taken ");
	put_number(&line, s.taken);
	put(&line, " peak ");
	put_number(&line, s.peak);
	put(&line, " in use ");
	put_number(&line, s.in_use);
	put(&line, "\n");
	file = open(path, APPEND_CREATE, 0666);
	if (file < 0 || write(file, line.text, line.n) < 0 || close(file) != 0)
		heap_linux_write(NULL, line.text, line.n);
}
