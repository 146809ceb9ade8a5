/* SPDX-License-Identifier: MIT */
/*
 * Pointers that are no blocks, and damage that a program's own mistakes do:
 * each is told once, with nothing written, and the heap goes on.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)2048)

static struct heap *h;
static unsigned char *arena;
static size_t arena_size;

/* Payload that reads as a used chunk of a size that no heap here has. */
static void soil(void *mem, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((unsigned char *)mem)[i] = 0xa5;
}

static void given(const char *plan)
{
	arena = rig_arena(&arena_size, MOST);
	soil(arena, arena_size);
	h = heap_create(arena, arena_size, &rig_port);
	CHECK(h != NULL);
	rig_lay(h, plan);
}

enum call { FREE, RESIZE, RESIZE_TO_0, USABLE_SIZE, CALLS };

static void make(enum call call, void *mem)
{
	switch (call) {
	case RESIZE:
		CHECK(heap_resize(h, mem, 40) == NULL);
		break;
	case RESIZE_TO_0:
		CHECK(heap_resize(h, mem, 0) == NULL);
		break;
	case USABLE_SIZE:
		CHECK_EQ(heap_usable_size(h, mem), 0);
		break;
	default:
		heap_free(h, mem);
	}
}

/* One fault, of this kind unless NONE, and not a byte changed. */
static void check_call(enum call call, void *mem, enum heap_fault_kind kind)
{
	uint32_t before = rig_hash(arena, arena_size);

	rig.faults = 0;
	rig.fault = (struct heap_fault){0};
	make(call, mem);
	rig_check_fault(kind != HEAP_FAULT_NONE ? kind : rig.fault.kind, mem);
	CHECK(rig.fault.kind != HEAP_FAULT_NONE);
	CHECK(rig.fault.kind < HEAP_FAULT_INVARIANT);
	CHECK_PTR_EQ(rig.fault.heap, h);
	CHECK_EQ(rig_hash(arena, arena_size), before);
}

static void check_refused(void *mem, enum heap_fault_kind kind)
{
	for (int call = 0; call < CALLS; call++)
		check_call((enum call)call, mem, kind);
}

/* As if nothing had happened. */
static void expect(const char *map)
{
	size_t n;

	CHECK_STR_EQ(rig_map(h), map);
	rig_check_sound(h);
	heap_reset(h);
	n = rig_stats(h).largest_free;
	CHECK(heap_alloc(h, n) != NULL);
	rig_check_sound(h);
}

/* ---- freed already ----------------------------------------------------- */

TEST(a_block_freed_just_now)
{
	RIG_NEEDS_CHECKS;
	given("u2 u3 u2");
	heap_free(h, rig_block[1]);
	check_refused(rig_block[1], HEAP_FAULT_NOT_USED);
	expect("u2 f3 u2 t");
}

TEST(a_tiny_block_freed_just_now)
{
	RIG_NEEDS_CHECKS;
	given("u2 u1 u2 f1 u2");
	heap_free(h, rig_block[1]);
	check_refused(rig_block[1], HEAP_FAULT_NOT_USED);
	check_refused(rig_block[3], HEAP_FAULT_NOT_USED);
	expect("u2 f1 u2 f1 u2 t");
}

TEST(a_block_freed_some_time_ago)
{
	RIG_NEEDS_CHECKS;
	given("u2 f3 u2 f1 u2 f9 u4");
	heap_free(h, rig_block[4]);
	heap_free(h, rig_block[0]);
	CHECK(heap_alloc(h, rig_units(20)) != NULL);
	check_refused(rig_block[1], HEAP_FAULT_NOT_USED);
	check_refused(rig_block[5], HEAP_FAULT_NOT_USED);
	check_refused(rig_block[3], HEAP_FAULT_NOT_USED);
	expect("f5 u2 f12 u4 u20 t");
}

TEST(a_block_that_was_joined_with_the_one_before)
{
	RIG_NEEDS_CHECKS;
	for (size_t units = 1; units < 4; units++) {
		given(units == 1   ? "f1 u3 u2"
		      : units == 2 ? "f2 u1 u2"
				   : "f3 u2 u2");
		heap_free(h, rig_block[1]);
		check_refused(rig_block[1], HEAP_FAULT_NOT_USED);
		check_refused(rig_block[0], HEAP_FAULT_NOT_USED);
		rig_check_sound(h);
	}
}

TEST(a_block_that_was_joined_with_the_one_behind)
{
	RIG_NEEDS_CHECKS;
	given("u3 f1 u2");
	heap_free(h, rig_block[0]);
	check_refused(rig_block[0], HEAP_FAULT_NOT_USED);
	check_refused(rig_block[1], HEAP_FAULT_NOT_USED);
	expect("f4 u2 t");
}

TEST(a_block_that_was_joined_with_both)
{
	RIG_NEEDS_CHECKS;
	given("f3 u2 f4 u2");
	heap_free(h, rig_block[1]);
	for (unsigned i = 0; i < 3; i++)
		check_refused(rig_block[i], HEAP_FAULT_NOT_USED);
	expect("f9 u2 t");
}

TEST(a_block_that_was_joined_with_the_top)
{
	RIG_NEEDS_CHECKS;
	given("u2 f3 u4");
	heap_free(h, rig_block[2]);
	check_refused(rig_block[2], HEAP_FAULT_NOT_USED);
	check_refused(rig_block[1], HEAP_FAULT_NOT_USED);
	heap_free(h, rig_block[0]);
	for (unsigned i = 0; i < 3; i++)
		check_refused(rig_block[i], HEAP_FAULT_NOT_USED);
	expect("t");
}

TEST(a_block_whose_bytes_are_part_of_another_now)
{
	void *p;

	RIG_NEEDS_CHECKS;
	given("u2 u3 u2 u2");
	heap_free(h, rig_block[0]);
	heap_free(h, rig_block[1]);
	heap_free(h, rig_block[2]);
	p = heap_alloc(h, rig_units(7));
	CHECK_PTR_EQ(p, rig_block[0]);
	soil(p, rig_units(7));
	check_refused(rig_block[1], HEAP_FAULT_NONE);
	check_refused(rig_block[2], HEAP_FAULT_NONE);
	expect("u7 u2 t");
}

TEST(a_block_that_a_resize_moved_away)
{
	RIG_NEEDS_CHECKS;
	given("u2 u2 f4 u2");
	CHECK(heap_resize(h, rig_block[0], rig_units(4)) != NULL);
	check_refused(rig_block[0], HEAP_FAULT_NOT_USED);
	expect("f2 u2 u4 u2 t");
	given("u2 f4 u2 u2");
	CHECK_PTR_EQ(heap_resize(h, rig_block[2], rig_units(5)), rig_block[1]);
	check_refused(rig_block[2], HEAP_FAULT_NOT_USED);
	given("u2 f4 u2 u2");
	CHECK_PTR_EQ(heap_resize(h, rig_block[2], rig_units(5)), rig_block[1]);
	soil(rig_block[1], rig_units(5));
	check_refused(rig_block[2], HEAP_FAULT_NONE);
	expect("u2 u5 f1 u2 t");
}

/* ---- never a block ----------------------------------------------------- */

TEST(no_pointer_into_the_arena_but_a_blocks_own)
{
	RIG_NEEDS_CHECKS;
	for (unsigned char fill = 0; fill < 3; fill++) {
		unsigned char bytes[] = {0x00, 0xff, 0xa5};

		given("u2 f3 u5 f1 u3");
		for (unsigned i = 0; i < 5; i += 2)
			for (size_t k = 0; k < rig_units(i == 2   ? 5
							 : i == 4 ? 3
								  : 2);
			     k++)
				((unsigned char *)rig_block[i])[k] =
					bytes[fill];
		for (size_t at = 0; at < arena_size; at++) {
			unsigned char *mem = arena + at;

			if (mem != rig_block[0] && mem != rig_block[2] &&
			    mem != rig_block[4])
				check_call((enum call)(at % CALLS), mem,
					   HEAP_FAULT_NONE);
		}
		expect("u2 f3 u5 f1 u3 t");
	}
}

TEST(the_inside_of_a_block)
{
	RIG_NEEDS_CHECKS;
	given("u2 u9 u2");
	soil(rig_block[1], rig_units(9));
	for (size_t at = 1; at < rig_units(9); at++)
		check_refused((char *)rig_block[1] + at,
			      at % HEAP_ALIGN != 0 ? HEAP_FAULT_MISALIGNED
						   : HEAP_FAULT_HEADER);
	expect("u2 u9 u2 t");
}

TEST(what_no_heap_gave_out)
{
	static size_t constant[4];
	size_t local[4];

	RIG_NEEDS_CHECKS;
	given("u2 f3 u2");
	for (unsigned i = 0; i < 2 * sizeof(size_t); i++) {
		check_refused((char *)constant + i, HEAP_FAULT_FOREIGN);
		check_refused((char *)local + i, HEAP_FAULT_FOREIGN);
		check_refused((char *)(uintptr_t)(1 + i), HEAP_FAULT_FOREIGN);
		check_refused((char *)UINTPTR_MAX - i, HEAP_FAULT_FOREIGN);
		check_refused((char *)h + i, HEAP_FAULT_FOREIGN);
		check_refused(arena + arena_size + HEAP_ALIGN + i,
			      HEAP_FAULT_FOREIGN);
	}
	expect("u2 f3 u2 t");
}

TEST(the_fence)
{
	RIG_NEEDS_CHECKS;
	given("u2 f3 u2");
	check_refused(chunk_to_mem(h->top), HEAP_FAULT_NOT_USED);
	CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
	CHECK_PTR_EQ(h->top, h->limit);
	check_refused(chunk_to_mem(h->top), HEAP_FAULT_NOT_USED);
	rig_check_sound(h);
}

/* A header that would do elsewhere: seals are bound to their place. */
TEST(a_header_that_was_copied)
{
	size_t *payload;

	RIG_NEEDS_CHECKS;
	given("u2 u8 u2");
	payload = rig_block[1];
	for (size_t bit = HEAP_ALIGN; bit < 8 * HEAP_ALIGN; bit *= 2) {
		size_t *there = payload + bit / WORD_SIZE - 1;

		*there = payload[-1];
		check_refused(there + 1, HEAP_FAULT_NONE);
	}
	expect("u2 u8 u2 t");
}

/* ---- damage ------------------------------------------------------------ */

TEST(an_overflow_is_found_when_the_block_is_freed)
{
	RIG_NEEDS_CHECKS;
	for (unsigned bytes = 1; bytes <= 32; bytes *= 2) {
		given("u2 u3 u2");
		for (unsigned i = 0; i < bytes; i++)
			((unsigned char *)rig_block[0])[rig_units(2) + i] =
				0x41;
		check_call(FREE, rig_block[0], HEAP_FAULT_NEIGHBOUR);
		CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(rig_block[1]));
		check_call(RESIZE, rig_block[0], HEAP_FAULT_NEIGHBOUR);
	}
}

TEST(an_underflow_is_found_when_the_block_is_freed)
{
	RIG_NEEDS_CHECKS;
	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		given("u2 u3 u2");
		((size_t *)rig_block[1])[-1] ^= (size_t)1 << bit;
		check_refused(rig_block[1],
			      bit == 0 ? HEAP_FAULT_NOT_USED : HEAP_FAULT_NONE);
		CHECK_PTR_EQ(rig.fault.chunk, mem_to_chunk(rig_block[1]));
	}
}

/* A request must not be served through links that somebody wrote over. */
static void check_not_served(const char *plan, size_t word, size_t change)
{
	uint32_t before;

	given(plan);
	((size_t *)mem_to_chunk(rig_block[1]))[word] ^= change;
	before = rig_hash(arena, arena_size);
	CHECK(heap_alloc(h, 1) == NULL);
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, HEAP_FAULT_LINK);
	CHECK_EQ(rig_hash(arena, arena_size), before);
}

TEST(links_written_after_free_are_found_before_they_are_used)
{
	RIG_NEEDS_CHECKS;
	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		check_not_served("u2 f3 u2", 1, (size_t)1 << bit);
		check_not_served("u2 f3 u2", 2, (size_t)1 << bit);
		check_not_served("u2 f1 u2", 1, (size_t)1 << bit);
	}
	check_not_served("u2 f3 u2", 1, SIZE_MAX);
	check_not_served("u2 f1 u2", 1, SIZE_MAX);
}

TEST(a_foot_written_after_free_is_found_by_the_neighbour)
{
	RIG_NEEDS_CHECKS;
	for (unsigned bit = 1; bit < WORD_BITS; bit++) {
		given("u2 f3 u2 u1");
		((size_t *)rig_block[2])[-2] ^= (size_t)1 << bit;
		check_call(FREE, rig_block[2], HEAP_FAULT_NONE);
		check_call(FREE, rig_block[0], HEAP_FAULT_NEIGHBOUR);
	}
}

TEST(a_list_head_that_is_damaged_stops_what_uses_it)
{
	RIG_NEEDS_CHECKS;
	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		given("u1 f3 u2 u3 u1");
		h->bins.head[1] = (struct chunk *)((uintptr_t)h->bins.head[1] ^
						   (uintptr_t)1 << bit);
		check_call(FREE, rig_block[3], HEAP_FAULT_LINK);
	}
}

/* ---- the handler ------------------------------------------------------- */

static void *handlers_block;

/* The lock is free: a handler may use the heap for its report. */
static void use_heap(void *ctx, const struct heap_fault *fault)
{
	(void)fault;
	++*(unsigned *)ctx;
	handlers_block = heap_alloc(h, 20);
}

TEST(a_fault_handler_may_use_the_heap)
{
	unsigned faults = 0;
	struct heap_port port = rig_port;

	RIG_NEEDS_CHECKS;
	arena = rig_arena(&arena_size, MOST);
	port.ctx = &faults;
	port.fault = use_heap;
	h = heap_create(arena, arena_size, &port);
	handlers_block = NULL;
	heap_free(h, &faults);
	CHECK_EQ(faults, 1);
	CHECK(handlers_block != NULL);
	heap_free(h, handlers_block);
	CHECK_EQ(faults, 1);
	CHECK_STR_EQ(rig_map(h), "t");
	rig_check_sound(h);
}

TEST(every_kind_of_fault_has_a_text_of_its_own)
{
	for (int i = 0; i <= HEAP_FAULT_INTERRUPT + 5; i++) {
		const char *text = heap_fault_text((enum heap_fault_kind)i);

		CHECK(text != NULL && text[0] != '\0');
		for (int j = 0; j < i && i <= HEAP_FAULT_INTERRUPT; j++)
			CHECK(heap_fault_text((enum heap_fault_kind)j) != text);
	}
}
