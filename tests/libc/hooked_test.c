/* SPDX-License-Identifier: MIT */
/* The layers of the malloc family's own heap: hooks, observers, accounts. */
#define _GNU_SOURCE
#include "libc/heap_malloc_hooks.h"
#include "heap_observe.h"
#include "heap_tags.h"
#include "layer.h"
#include "own_port.h"

extern const struct heap_layer heap_libc_hooks;

static struct heap_tag tag[2];
static struct heap_accounts accounts = {.tag = tag, .tags = 2};
static enum heap_operation last;
static unsigned told, hooked;

static void disturb(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	last = e->op;
	told++;
	errno = 99;
}

static struct heap_observer observer = {.tell = disturb};

static unsigned begun;

static void begin(void)
{
	begun++;
}

/* Called by the first call of all. */
extern void (*volatile __malloc_initialize_hook)(void);
void (*volatile __malloc_initialize_hook)(void) = begin;

static void *count_malloc(size_t n, const void *caller)
{
	(void)n;
	(void)caller;
	hooked++;
	return NULL;
}

TEST(what_an_observer_does_to_errno_is_undone)
{
	void *p;

	CHECK_EQ(heap_observe(&heap_default, &observer), true);
	told = 0;
	errno = 5;
	p = malloc(size(20));
	CHECK(ours(p));
	CHECK(told >= 1);
	CHECK_EQ(errno, 5);
	free(p);
	CHECK_EQ(last, HEAP_OP_FREE);
	CHECK_EQ(errno, 5);
	errno = 99;
	free(malloc(size(20)));
	CHECK_EQ(errno, 99);
	CHECK_EQ(heap_unobserve(&heap_default, &observer), true);
	p = malloc(size(20));
	CHECK_EQ(last, HEAP_OP_FREE);
	free(p);
	check_sound();
}

TEST(the_first_call_begins)
{
	free(malloc(size(1)));
	CHECK_EQ(begun, 1);
}

TEST(hooks_pass_on_what_is_not_theirs)
{
	void *p, *q;

	CHECK_EQ(heap_observe(&heap_default, &observer), true);
	p = malloc(size(2000));
	q = malloc(size(20));
	CHECK(p != NULL && q != NULL);
	CHECK_EQ(heap_libc_hooks.look(&heap_default, q, NULL).size,
		 malloc_usable_size(q));
	free(q);
	free(p);
	/* In the debug profile the first one lets go of what is held. */
	malloc_trim(0);
	malloc_trim(0);
	CHECK_EQ(last, HEAP_OP_TRIMMED);
	CHECK_EQ(heap_unobserve(&heap_default, &observer), true);
	check_sound();
}

TEST(a_block_that_ends_late_is_told_to_the_accounts)
{
	void *p;

	CHECK_EQ(heap_observe(&heap_default, &observer), true);
	CHECK_EQ(heap_accounts_start(&heap_default, &accounts), true);
	p = malloc(size(20));
	CHECK(p != NULL);
	CHECK_EQ(tag[0].blocks, 1);
	/* What frees pending blocks calls it. */
	heap_libc_hooks.late(&heap_default, p);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(tag[0].bytes, 0);
	free(p);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(heap_accounts_stop(&heap_default, &accounts), true);
	CHECK_EQ(heap_unobserve(&heap_default, &observer), true);
	check_sound();
}

TEST(a_hook_is_called_instead)
{
	unsigned before = told;

	CHECK_EQ(heap_observe(&heap_default, &observer), true);
	hooked = 0;
	__malloc_hook = count_malloc;
	CHECK(malloc(size(20)) == NULL);
	__malloc_hook = NULL;
	CHECK_EQ(hooked, 1);
	CHECK_EQ(told, before);
	CHECK_EQ(heap_unobserve(&heap_default, &observer), true);
	check_sound();
}

static void *count_realloc(void *p, size_t n, const void *caller)
{
	(void)n;
	(void)caller;
	hooked++;
	return p;
}

static void *count_memalign(size_t align, size_t n, const void *caller)
{
	(void)n;
	(void)caller;
	hooked += align == 64;
	return NULL;
}

static void count_free(void *p, const void *caller)
{
	(void)p;
	(void)caller;
	hooked++;
}

TEST(each_call_has_its_hook_and_works_without)
{
	char *p;

	hooked = 0;
	p = memalign(64, size(10));
	CHECK(ours(p) && (uintptr_t)p % 64 == 0);
	p = realloc(p, size(100));
	CHECK(ours(p));
	__realloc_hook = count_realloc;
	CHECK(realloc(p, size(1000)) == p);
	CHECK(realloc(p, size(0)) == p);
	__realloc_hook = NULL;
	__memalign_hook = count_memalign;
	CHECK(memalign(64, size(10)) == NULL);
	__memalign_hook = NULL;
	__free_hook = count_free;
	free(p);
	free(NULL);
	__free_hook = NULL;
	CHECK_EQ(hooked, 5);
	CHECK(realloc(p, size(0)) == NULL);
	p = realloc(NULL, size(20));
	CHECK(ours(p));
	free(p);
	free(NULL);
	CHECK_EQ(hooked, 5);
	check_sound();
}

TEST(each_call_is_passed_on_as_what_it_is)
{
	size_t before = in_use();
	char *p;

	CHECK_EQ(heap_observe(&heap_default, &observer), true);
	told = 0;
	free(NULL);
	CHECK_EQ(told, 0);
	p = realloc(NULL, size(20));
	CHECK(ours(p));
	CHECK_EQ(last, HEAP_OP_ALLOC);
	p = realloc(p, size(1));
	CHECK(ours(p));
	CHECK_EQ(last, HEAP_OP_RESIZED);
	p = realloc(p, size(200));
	CHECK(ours(p) && malloc_usable_size(p) >= 200);
	CHECK_EQ(last, HEAP_OP_RESIZED);
	CHECK(realloc(p, size(0)) == NULL);
	CHECK_EQ(last, HEAP_OP_FREE);
	CHECK_EQ(heap_unobserve(&heap_default, &observer), true);
	CHECK_EQ(in_use(), before);
	check_sound();
}

static void count_growth(void)
{
	hooked++;
}

TEST(growth_is_told_behind_the_call)
{
	size_t n;
	char *p, *q;

	own_arena(&n);
	__after_morecore_hook = count_growth;
	hooked = 0;
	p = malloc(size(n / 2));
	CHECK(ours(p));
	CHECK_EQ(hooked, 1);
	free(p);
	__after_morecore_hook = NULL;
	q = malloc(size(20));
	CHECK_EQ(hooked, 1);
	free(q);
	check_sound();
}

TEST(what_is_trimmed_and_taken_again_is_growth)
{
	struct heap_stats s;
	size_t brk, n;
	void *p;

	malloc_trim(0);
	heap_stats(&heap_default, &s);
	n = s.largest_free + 8;
	__after_morecore_hook = count_growth;
	for (unsigned i = 0; i < 3; i++) {
		hooked = 0;
		brk = own.brk;
		p = malloc(size(n));
		CHECK(ours(p));
		CHECK(own.brk > brk);
		CHECK_EQ(hooked, 1);
		free(p);
		malloc_trim(0);
	}
	__after_morecore_hook = NULL;
	check_sound();
}

TEST(the_hook_of_growth_is_called_when_the_heap_has_grown_and_not_else)
{
	void *p[20] = {NULL}, *held = NULL;
	struct heap_stats s;
	size_t brk;

	__after_morecore_hook = count_growth;
	for (unsigned i = 0; i < 20; i++) {
		brk = own.brk;
		hooked = 0;
		if (i % 5 == 0)
			p[i] = malloc(size(40));
		else if (i % 5 == 1)
			p[i] = memalign(size(32), size(30));
		else if (i % 5 == 2)
			p[i] = calloc(size(7), size(11));
		else if (i % 5 == 3)
			p[i] = realloc(NULL, size(50));
		else
			p[i] = held = realloc(held, size(20 * i));
		CHECK(ours(p[i]));
		CHECK_EQ(hooked, own.brk > brk);
	}
	/* These have to, if there is so much. */
	for (unsigned way = 0; way < 4; way++) {
		size_t n;

		heap_stats(&heap_default, &s);
		n = size(s.largest_free + 8);
		brk = own.brk;
		hooked = 0;
		p[19] = way == 0   ? malloc(n)
			: way == 1 ? memalign(size(64), n)
			: way == 2 ? realloc(NULL, n)
				   : realloc(malloc(size(1)), n);
		CHECK_EQ(hooked, own.brk > brk);
		free(p[19]);
	}
	hooked = 0;
	for (unsigned i = 0; i < 20; i++)
		if (i % 5 != 4)
			free(p[i]);
	free(held);
	CHECK_EQ(hooked, 0);
	__after_morecore_hook = NULL;
	/* The first call of all was long ago. */
	CHECK_EQ(begun, 1);
	check_sound();
}
