/* SPDX-License-Identifier: MIT */
/*
 * Pointers that are none of malloc's, and calls from where the lock does not
 * protect: each is reported once, with the address of the function that called
 * us, nothing is written, and the heap goes on.
 */
#include "own_port.h"

/* ---- the culprits: small, so that an address tells them apart --------- */

#define CULPRIT(name) __attribute__((noinline)) static void name

/* An instruction behind the call, or the call would be a jump. */
#define STAY __asm__ volatile("")

static void *answer;
static size_t answer_size;

CULPRIT(by_free)(void *p)
{
	free(hidden(p));
	STAY;
}

CULPRIT(by_cfree)(void *p)
{
	cfree(hidden(p));
	STAY;
}

CULPRIT(by_realloc)(void *p)
{
	answer = hidden(realloc(hidden(p), size(40)));
	STAY;
}

CULPRIT(by_realloc_to_0)(void *p)
{
	answer = hidden(realloc(hidden(p), size(0)));
	STAY;
}

CULPRIT(by_reallocarray)(void *p)
{
	answer = hidden(reallocarray(hidden(p), size(4), size(10)));
	STAY;
}

CULPRIT(by_reallocf)(void *p)
{
	answer = hidden(reallocf(hidden(p), size(40)));
	STAY;
}

CULPRIT(by_usable_size)(void *p)
{
	answer_size = size(malloc_usable_size(hidden(p)));
	STAY;
}

CULPRIT(by_malloc)(void *p)
{
	(void)p;
	answer = hidden(malloc(size(40)));
	STAY;
}

CULPRIT(by_calloc)(void *p)
{
	(void)p;
	answer = hidden(calloc(size(4), size(10)));
	STAY;
}

CULPRIT(by_memalign)(void *p)
{
	(void)p;
	answer = hidden(memalign(size(32), size(40)));
	STAY;
}

CULPRIT(by_aligned_alloc)(void *p)
{
	(void)p;
	answer = hidden(aligned_alloc(size(32), size(40)));
	STAY;
}

CULPRIT(by_posix_memalign)(void *p)
{
	(void)p;
	answer_size = size((size_t)posix_memalign(&answer, size(32), size(40)));
	STAY;
}

CULPRIT(by_valloc)(void *p)
{
	(void)p;
	answer = hidden(valloc(size(40)));
	STAY;
}

CULPRIT(by_pvalloc)(void *p)
{
	(void)p;
	answer = hidden(pvalloc(size(40)));
	STAY;
}

typedef void call(void *p);

/* Those that take a pointer, then those that do not. */
static call *const culprits[] = {
	by_free,         by_cfree,    by_realloc,       by_realloc_to_0,
	by_reallocarray, by_reallocf, by_usable_size,   by_malloc,
	by_calloc,       by_memalign, by_aligned_alloc, by_posix_memalign,
	by_valloc,       by_pvalloc,
};
enum { TAKE_A_POINTER = 7, ALL = sizeof(culprits) / sizeof(culprits[0]) };

/* More bytes than any of them has. */
#define CULPRIT_MAX 160

static bool called_by(call *culprit, const void *caller)
{
	uintptr_t offset = ((uintptr_t)caller & ~(uintptr_t)1) -
			   ((uintptr_t)culprit & ~(uintptr_t)1);

	return offset > 0 && offset <= CULPRIT_MAX;
}

/* The call is reported once, as one of two kinds, and changes nothing. */
static void check_refused(call *culprit, void *p, enum heap_fault_kind kind,
			  enum heap_fault_kind or_kind)
{
	size_t used = in_use();
	uint32_t before = arena_hash();
	char mark;

	answer = &mark;
	answer_size = 0;
	own.faults = 0;
	own.fault.kind = HEAP_FAULT_NONE;
	culprit(p);
	if (culprit != by_posix_memalign && answer != &mark)
		CHECK_PTR_EQ(answer, NULL);
	if (culprit == by_usable_size)
		CHECK_EQ(answer_size, 0);
	CHECK_EQ(own.faults, 1);
	if (own.fault.kind != or_kind)
		CHECK_EQ(own.fault.kind, kind);
	if (kind != HEAP_FAULT_INTERRUPT)
		CHECK_PTR_EQ(own.fault.mem, p);
	CHECK_PTR_EQ(own.fault.heap, &heap_default);
	CHECK(called_by(culprit, own.fault.caller));
	own.faults = 0;
	CHECK_EQ(arena_hash(), before);
	CHECK_EQ(in_use(), used);
	check_sound();
}

static void check_all_refuse(void *p, enum heap_fault_kind kind,
			     enum heap_fault_kind or_kind)
{
	for (size_t i = 0; i < TAKE_A_POINTER && !tap_failed(); i++)
		check_refused(culprits[i], p, kind, or_kind);
}

/* What a program does with the heap afterwards. */
static void check_usable(void)
{
	size_t before = in_use();
	void *p = hidden(malloc(size(60)));
	void *q = hidden(calloc(size(5), size(12)));

	CHECK(ours(p) && ours(q) && zero(q, 60));
	fill(p, 60, 1);
	p = hidden(realloc(p, size(120)));
	CHECK(ours(p) && filled(p, 60, 1));
	free(q);
	free(hidden(p));
	CHECK_EQ(in_use(), before);
	check_sound();
}

TEST(a_block_freed_twice_is_not_used)
{
	void *wall = hidden(malloc(size(40)));
	void *p = hidden(malloc(size(40)));
	void *other = hidden(malloc(size(40)));

	CHECK(ours(wall) && ours(p) && ours(other));
	free(hidden(p));
	check_all_refuse(p, HEAP_FAULT_NOT_USED, HEAP_FAULT_NOT_USED);
	free(wall);
	free(other);
	check_usable();
}

TEST(a_block_freed_twice_is_found_after_it_has_merged)
{
	void *a = hidden(malloc(size(40)));
	void *b = hidden(malloc(size(40)));
	void *c = hidden(malloc(size(40)));
	void *d = hidden(malloc(size(40)));

	CHECK(ours(a) && ours(b) && ours(c) && ours(d));
	free(hidden(b));
	free(hidden(a));
	check_all_refuse(b, HEAP_FAULT_NOT_USED, HEAP_FAULT_HEADER);
	free(hidden(c));
	check_all_refuse(c, HEAP_FAULT_NOT_USED, HEAP_FAULT_HEADER);
	check_all_refuse(b, HEAP_FAULT_NOT_USED, HEAP_FAULT_HEADER);
	free(hidden(d));
	check_all_refuse(d, HEAP_FAULT_NOT_USED, HEAP_FAULT_HEADER);
	check_all_refuse(a, HEAP_FAULT_NOT_USED, HEAP_FAULT_HEADER);
	check_usable();
}

TEST(a_misaligned_pointer_is_refused)
{
	char *p = hidden(malloc(size(64)));

	CHECK(ours(p));
	for (size_t i = 1; i < HEAP_ALIGN && !tap_failed(); i++)
		check_all_refuse(p + i, HEAP_FAULT_MISALIGNED,
				 HEAP_FAULT_MISALIGNED);
	free(hidden(p));
	check_usable();
}

TEST(a_pointer_into_a_block_is_refused)
{
	char *p = hidden(malloc(size(96)));
	size_t *words = (size_t *)(void *)p;

	CHECK(ours(p));
	for (unsigned content = 0; content < 3; content++) {
		for (size_t i = 0; i < 96 / sizeof(size_t); i++)
			words[i] = content == 0   ? 0
				   : content == 1 ? SIZE_MAX
						  : words[-1];
		for (size_t i = HEAP_ALIGN; i < 96; i += HEAP_ALIGN)
			check_all_refuse(p + i, HEAP_FAULT_HEADER,
					 HEAP_FAULT_NOT_USED);
		if (tap_failed())
			return;
	}
	free(hidden(p));
	check_usable();
}

static _Alignas(16) char not_on_the_heap[64];

TEST(pointers_outside_of_the_heap_are_refused)
{
	_Alignas(16) char on_the_stack[64];
	size_t n;
	char *arena = own_arena(&n);

	free(hidden(malloc(size(16))));
	check_all_refuse(hidden(not_on_the_heap + 16), HEAP_FAULT_FOREIGN,
			 HEAP_FAULT_FOREIGN);
	check_all_refuse(hidden(on_the_stack + 16), HEAP_FAULT_FOREIGN,
			 HEAP_FAULT_FOREIGN);
	check_all_refuse(hidden(arena + n), HEAP_FAULT_FOREIGN,
			 HEAP_FAULT_FOREIGN);
	check_all_refuse(hidden((char *)HEAP_ALIGN), HEAP_FAULT_FOREIGN,
			 HEAP_FAULT_FOREIGN);
	check_all_refuse((char *)hidden(NULL) - HEAP_ALIGN, HEAP_FAULT_FOREIGN,
			 HEAP_FAULT_FOREIGN);
	check_usable();
}

TEST(every_name_is_refused_in_an_interrupt_that_the_lock_does_not_stop)
{
	void *p = hidden(malloc(size(40)));

	CHECK(ours(p));
	for (size_t i = 0; i < ALL && !tap_failed(); i++) {
		size_t used = in_use();
		uint32_t before = arena_hash();
		char mark;

		answer = &mark;
		own.faults = 0;
		own.in_isr = true;
		culprits[i](p);
		own.in_isr = false;
		CHECK_EQ(own.faults, 1);
		CHECK_EQ(own.fault.kind, HEAP_FAULT_INTERRUPT);
		CHECK(called_by(culprits[i], own.fault.caller));
		if (culprits[i] == by_posix_memalign) {
			CHECK_EQ(answer_size, ENOMEM);
			CHECK_PTR_EQ(answer, &mark);
		}
		own.faults = 0;
		CHECK_EQ(arena_hash(), before);
		CHECK_EQ(in_use(), used);
	}
	free(hidden(p));
	check_usable();
}
