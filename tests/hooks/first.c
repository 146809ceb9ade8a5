/* SPDX-License-Identifier: MIT */
/* Hooks as the books have them: set before main, put back, call, print, set. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *(*old_malloc)(size_t, const void *);
static void (*old_free)(void *, const void *);

static void my_free(void *p, const void *caller);

static void *my_malloc(size_t size, const void *caller)
{
	void *p;

	__malloc_hook = old_malloc;
	__free_hook = old_free;
	p = malloc(size);
	old_malloc = __malloc_hook;
	old_free = __free_hook;
	printf("malloc(%u) called from %p returns %p\n", (unsigned)size, caller,
	       p);
	__malloc_hook = my_malloc;
	__free_hook = my_free;
	return p;
}

static void my_free(void *p, const void *caller)
{
	__malloc_hook = old_malloc;
	__free_hook = old_free;
	free(p);
	old_malloc = __malloc_hook;
	old_free = __free_hook;
	printf("free(%p) called from %p\n", p, caller);
	__malloc_hook = my_malloc;
	__free_hook = my_free;
}

static void my_init(void)
{
	old_malloc = __malloc_hook;
	old_free = __free_hook;
	__malloc_hook = my_malloc;
	__free_hook = my_free;
}

void (*__malloc_initialize_hook)(void) = my_init;

static char *copy_of(const char *text)
{
	char *p = malloc(strlen(text) + 1);

	return strcpy(p, text);
}

int main(void)
{
	char *a = copy_of("hooked"), *b = calloc(3, 100), *c;

	free(a);
	c = strdup("by libc");
	free(b);
	free(c);
	return 0;
}
