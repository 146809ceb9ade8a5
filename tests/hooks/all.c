/* SPDX-License-Identifier: MIT */
/* All hooks, set in main; each one calls its own function for the work. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **memptr, size_t align, size_t n);

static void *(*old_malloc)(size_t, const void *);
static void *(*old_realloc)(void *, size_t, const void *);
static void *(*old_memalign)(size_t, size_t, const void *);
static void (*old_free)(void *, const void *);
static unsigned grown;

static void set(void);

static void restore(void)
{
	__malloc_hook = old_malloc;
	__realloc_hook = old_realloc;
	__memalign_hook = old_memalign;
	__free_hook = old_free;
}

static void *my_malloc(size_t n, const void *caller)
{
	void *p;

	restore();
	p = malloc(n);
	printf("malloc(%u) by %p: %p\n", (unsigned)n, caller, p);
	set();
	return p;
}

static void *my_realloc(void *old, size_t n, const void *caller)
{
	void *p;

	restore();
	p = realloc(old, n);
	printf("realloc(%p, %u) by %p: %p\n", old, (unsigned)n, caller, p);
	set();
	return p;
}

static void *my_memalign(size_t align, size_t n, const void *caller)
{
	void *p;

	restore();
	p = memalign(align, n);
	printf("memalign(%u, %u) by %p: %p\n", (unsigned)align, (unsigned)n,
	       caller, p);
	set();
	return p;
}

static void my_free(void *p, const void *caller)
{
	restore();
	free(p);
	printf("free(%p) by %p\n", p, caller);
	set();
}

static void set(void)
{
	old_malloc = __malloc_hook;
	old_realloc = __realloc_hook;
	old_memalign = __memalign_hook;
	old_free = __free_hook;
	__malloc_hook = my_malloc;
	__realloc_hook = my_realloc;
	__memalign_hook = my_memalign;
	__free_hook = my_free;
}

static void more(void)
{
	grown++;
}

static void aligned(void)
{
	void *p = memalign(64, 10), *q = aligned_alloc(128, 128), *r;

	free(p);
	free(q);
	if (posix_memalign(&r, 32, 20) != 0)
		printf("posix_memalign has failed\n");
	free(r);
}

static void resized(void)
{
	char *p = realloc(NULL, 20);

	strcpy(p, "kept");
	p = realloc(p, 2000);
	if (strcmp(p, "kept") != 0)
		printf("realloc has lost what was there\n");
	p = realloc(p, 0);
	if (p != NULL)
		printf("realloc to 0 has answered\n");
	free(NULL);
}

int main(void)
{
	set();
	__after_morecore_hook = more;
	resized();
	aligned();
	restore();
	printf("%s\n", grown != 0 ? "the heap has grown" : "it never grew");
	grown = 0;
	free(malloc(100));
	printf("%s\n", grown == 0 ? "and then no more" : "it grew again");
	return 0;
}
