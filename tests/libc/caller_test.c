/* SPDX-License-Identifier: MIT */
/*
 * Whoever calls a function of the malloc family is the caller that observers
 * are told of, whatever function does the work; for blocks of libc's own it is
 * libc.
 */
#include "heap_observe.h"
#include "own_port.h"

#if defined(__NEWLIB__) && !defined(__PICOLIBC__)
#include <malloc.h>
#include <reent.h>
void *_reallocf_r(struct _reent *r, void *p, size_t n);
void _cfree_r(struct _reent *r, void *p);
#define HAS_R 1
#endif

/* Not in the headers of C11. */
char *strdup(const char *text);
#ifdef HAS_R
char *_strdup_r(struct _reent *r, const char *text);
#endif

static struct heap_event last;
static unsigned events;

static void remember(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	last = *e;
	events++;
}

static struct heap_observer observer = {.tell = remember};

static void *block;
static size_t got;

/* Each is one call that is not the last thing that it does. */
#define SITE(name, call)                                                       \
	__attribute__((noinline, noclone)) static void name(void)              \
	{                                                                      \
		call;                                                          \
		__asm__ volatile("" ::: "memory");                             \
	}

SITE(by_malloc, block = malloc(size(30)))
SITE(by_calloc, block = calloc(size(3), size(10)))
SITE(by_realloc, block = realloc(block, size(300)))
SITE(by_realloc_of_null, block = realloc(NULL, size(30)))
SITE(by_realloc_to_0, block = realloc(block, size(0)))
SITE(by_free, free(block))
SITE(by_aligned_alloc, block = aligned_alloc(size(32), size(64)))
SITE(by_posix_memalign, got = (size_t)posix_memalign(&block, size(32), size(9)))
SITE(by_reallocarray, block = reallocarray(block, size(30), size(11)))
SITE(by_memalign, block = memalign(size(64), size(5)))
SITE(by_cfree, cfree(block))
SITE(by_valloc, block = valloc(size(20)))
SITE(by_pvalloc, block = pvalloc(size(20)))
SITE(by_reallocf, block = reallocf(block, size(350)))
SITE(by_malloc_trim, got = (size_t)malloc_trim(size(0)))
#ifdef HAS_R
SITE(by_malloc_r, block = _malloc_r(_REENT, size(30)))
SITE(by_calloc_r, block = _calloc_r(_REENT, size(3), size(10)))
SITE(by_realloc_r, block = _realloc_r(_REENT, block, size(300)))
SITE(by_reallocf_r, block = _reallocf_r(_REENT, block, size(350)))
SITE(by_free_r, _free_r(_REENT, block))
SITE(by_cfree_r, _cfree_r(_REENT, block))
SITE(by_memalign_r, block = _memalign_r(_REENT, size(64), size(5)))
SITE(by_valloc_r, block = _valloc_r(_REENT, size(20)))
SITE(by_pvalloc_r, block = _pvalloc_r(_REENT, size(20)))
SITE(by_malloc_trim_r, got = (size_t)_malloc_trim_r(_REENT, size(0)))
#endif

/* Was the last event's caller in f, a function of one call? */
static bool told_from(void (*f)(void))
{
	events = 0;
	f();
	return events != 0 &&
	       (uintptr_t)last.caller - ((uintptr_t)f & ~(uintptr_t)1) < 96;
}

TEST(the_caller_is_who_called_the_family)
{
	CHECK_EQ(heap_observe(&heap_default, &observer), true);
	CHECK(told_from(by_malloc));
	CHECK(told_from(by_realloc));
	CHECK(told_from(by_reallocarray));
	CHECK(told_from(by_reallocf));
	CHECK(told_from(by_free));
	CHECK(told_from(by_calloc));
	CHECK(told_from(by_realloc_to_0));
	CHECK_EQ(last.op, HEAP_OP_FREE);
	CHECK(told_from(by_realloc_of_null));
	CHECK(told_from(by_cfree));
	CHECK(told_from(by_aligned_alloc));
	CHECK(told_from(by_free));
	CHECK(told_from(by_memalign));
	CHECK(told_from(by_free));
	CHECK(told_from(by_posix_memalign));
	CHECK(told_from(by_free));
	CHECK(told_from(by_malloc_trim));
	CHECK_EQ(last.op, HEAP_OP_TRIMMED);
	CHECK_EQ(heap_unobserve(&heap_default, &observer), true);
	check_sound();
}

TEST(valloc_and_pvalloc_tell_their_caller_even_when_they_fail)
{
	heap_observe(&heap_default, &observer);
	CHECK(told_from(by_valloc));
	free(block);
	CHECK(told_from(by_pvalloc));
	free(block);
	heap_unobserve(&heap_default, &observer);
	check_sound();
}

#ifdef HAS_R
TEST(the_caller_is_who_called_the_r_names)
{
	heap_observe(&heap_default, &observer);
	CHECK(told_from(by_malloc_r));
	CHECK(told_from(by_realloc_r));
	CHECK(told_from(by_reallocf_r));
	CHECK(told_from(by_free_r));
	CHECK(told_from(by_calloc_r));
	CHECK(told_from(by_cfree_r));
	CHECK(told_from(by_memalign_r));
	CHECK(told_from(by_free_r));
	CHECK(told_from(by_valloc_r));
	free(block);
	CHECK(told_from(by_pvalloc_r));
	free(block);
	CHECK(told_from(by_malloc_trim_r));
	heap_unobserve(&heap_default, &observer);
	check_sound();
}
#endif

TEST(of_a_block_of_libcs_own_the_caller_is_libc)
{
	char *copy;

	heap_observe(&heap_default, &observer);
	events = 0;
	copy = strdup("whose?");
	CHECK(events != 0);
	CHECK(last.mem == copy);
	/* The first instructions of strdup, or of _strdup_r behind it. */
#if defined(HAS_R)
	CHECK((uintptr_t)last.caller - ((uintptr_t)_strdup_r & ~(uintptr_t)1) <
	      64);
#elif defined(__PICOLIBC__)
	CHECK((uintptr_t)last.caller - ((uintptr_t)strdup & ~(uintptr_t)1) <
	      64);
#endif
	free(copy);
	heap_unobserve(&heap_default, &observer);
	check_sound();
}
