/* SPDX-License-Identifier: MIT */
/*
 * What a fault's report says of the chunks around: at the ends of segments, in
 * older ones, and where nothing can be relied on.  heap-min.a finds no faults.
 */
#include "rig.h"
#include "state.h"

#if HEAP_CHECK != 0

#define MOST ((size_t)3072)

static struct heap *h;
static struct heap_port port;
static unsigned told;
static struct heap_fault last;

static void note(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	rig.lock_errors += rig.locked;
	told++;
	last = *fault;
}

static void start(void)
{
	size_t n;
	void *mem = rig_arena(&n, MOST);

	port = rig_port;
	port.fault = note;
	told = 0;
	h = heap_create(mem, n, &port);
}

/* What was its header is payload now. */
TEST(a_chunk_that_a_block_has_grown_over_has_no_neighbours)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	void *p[3];

	start();
	for (unsigned i = 0; i < 3; i++)
		p[i] = heap_alloc(h, rig_units(3));
	heap_free(h, p[1]);
	CHECK_PTR_EQ(heap_resize(h, p[0], rig_units(6)), p[0]);
	heap_free(h, p[1]);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p[1]));
	CHECK_PTR_EQ(last.prev, NULL);
	CHECK_PTR_EQ(last.next, NULL);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* A fence is used, of size 0, and the last that there is. */
TEST(behind_a_fence_there_is_nothing)
{
	size_t *p[2];

	start();
	for (unsigned i = 0; i < 2; i++)
		p[i] = heap_alloc(h, 40);
	heap_free(h, chunk_to_mem(h->top));
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.chunk, h->top);
	CHECK_PTR_EQ(last.prev, mem_to_chunk(p[1]));
	CHECK_PTR_EQ(last.next, NULL);
	CHECK_PTR_EQ(last.suspect, NULL);
	/* Written over, it is what the last block ran into. */
	h->top->head = CHUNK_USED;
	heap_free(h, p[1]);
	CHECK_PTR_EQ(last.chunk, h->top);
	CHECK_PTR_EQ(last.prev, mem_to_chunk(p[1]));
	CHECK_PTR_EQ(last.next, NULL);
	CHECK_PTR_EQ(last.suspect, p[1]);
}

/* The chunk at fault is the first of all: nothing is before it. */
TEST(before_the_first_chunk_there_is_nothing)
{
	size_t *p[2];

	start();
	for (unsigned i = 0; i < 2; i++)
		p[i] = heap_alloc(h, 40);
	heap_free(h, p[0]);
	rig_let_go(h);
	heap_free(h, p[0]);
	CHECK_EQ(told, 1);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p[0]));
	CHECK_PTR_EQ(last.prev, NULL);
	CHECK_PTR_EQ(last.next, mem_to_chunk(p[1]));
	CHECK_PTR_EQ(last.suspect, NULL);
}

/* Free from a block that has overrun: only a used one can have. */
TEST(a_free_chunk_is_no_suspect)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	size_t *p[3];

	start();
	for (unsigned i = 0; i < 3; i++)
		p[i] = heap_alloc(h, 40);
	heap_free(h, p[0]);
	mem_to_chunk(p[1])->head ^= (size_t)1 << (WORD_BITS - 1);
	heap_free(h, p[1]);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_HEADER);
	CHECK_PTR_EQ(last.prev, mem_to_chunk(p[0]));
	CHECK_PTR_EQ(last.suspect, NULL);
}

/* With these damaged, what lies where in the heap is not known. */
TEST(where_the_heap_ends_must_be_known_to_look_around)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct chunk *top;
	void *p;

	for (unsigned i = 0; i < 4; i++) {
		start();
		p = heap_alloc(h, 40);
		CHECK(heap_alloc(h, 40) != NULL);
		heap_free(h, p);
		top = h->top;
		if (i == 0)
			h->top = chunk_below(h->base, HEAP_ALIGN);
		else if (i == 1)
			h->top = chunk_above(h->limit, HEAP_ALIGN);
		else if (i == 2)
			h->check ^= 1;
		heap_free(h, p);
		CHECK_EQ(told, 1);
		CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
		CHECK_PTR_EQ(last.chunk, mem_to_chunk(p));
		CHECK_EQ(last.next != NULL, i == 3);
		h->top = top;
	}
}

/* With no block in the newest segment, and with no room for any. */
TEST(neighbours_in_an_older_segment_are_known)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	for (unsigned i = 0; i < 2; i++) {
		void *p[3], *q;

		h = rig_growing_heap(MOST, RIG_FOREIGN);
		for (unsigned k = 0; k < 3; k++)
			p[k] = heap_alloc(h, HEAP_GROW / 5);
		q = heap_alloc(h, HEAP_GROW / 2);
		CHECK_EQ(h->older, 1);
		heap_free(h, p[1]);
		if (i == 0)
			heap_free(h, q);
		else
			CHECK_PTR_EQ(heap_resize(h, q,
						 heap_usable_size(h, q) +
							 heap_room(h)),
				     q);
		CHECK_PTR_EQ(h->top, i == 0 ? h->base : h->limit);
		heap_free(h, p[1]);
		CHECK_PTR_EQ(rig.fault.prev, mem_to_chunk(p[0]));
		CHECK_PTR_EQ(rig.fault.next, mem_to_chunk(p[2]));
		rig_check_fault(HEAP_FAULT_NOT_USED, p[1]);
	}
}

/* A heap of two segments: memory of a block between them that is not its own. */
static size_t *between_segments(void)
{
	enum { FIRST = 1536, GAP = 192 };
	size_t n;
	char *arena = rig_arena(&n, MOST), *second = arena + FIRST + GAP;
	struct chunk *fence;

	rig_start(second, n - FIRST - GAP, RIG_ADJOIN);
	port = rig_port_growing;
	port.fault = note;
	told = 0;
	h = heap_create(arena, FIRST, &port);
	while (h->older == 0 && heap_alloc(h, 100) != NULL)
		continue;
	fence = ((struct segment *)h->base)[-1].fence;
	return chunk_to_mem(chunk_above(fence, HEAP_ALIGN));
}

/* It reads as a free chunk does, and is none: no segment reaches there. */
TEST(what_lies_between_two_segments_has_no_neighbours)
{
	size_t *gap = between_segments();

	CHECK_EQ(h->older, 1);
	gap[-1] = 2 * HEAP_ALIGN | CHUNK_PREV_USED;
	gap[2] = 2 * HEAP_ALIGN;
	heap_free(h, gap);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(gap));
	CHECK_PTR_EQ(last.prev, NULL);
	CHECK_PTR_EQ(last.next, NULL);
}

TEST(the_first_chunk_and_the_fence_of_an_older_segment_have_one_neighbour)
{
	const struct segment *older;
	void *first;

	CHECK(between_segments() != NULL);
	CHECK_EQ(h->older, 1);
	older = (struct segment *)h->base - 1;
	first = chunk_to_mem(older->base);
	heap_free(h, first);
	heap_free(h, first);
	CHECK_EQ(told, 1);
	CHECK_PTR_EQ(last.chunk, older->base);
	CHECK_PTR_EQ(last.prev, NULL);
	CHECK(last.next != NULL);
	heap_free(h, chunk_to_mem(older->fence));
	CHECK_EQ(told, 2);
	CHECK_PTR_EQ(last.chunk, older->fence);
	CHECK(last.prev != NULL);
	CHECK_PTR_EQ(last.next, NULL);
}

/* ---- the debug profile: who allocated the block at fault ------------------- */

#if HEAP_CHECK >= 3
static const char maker;

TEST(a_block_whose_header_is_damaged_names_nobody)
{
	size_t *p;

	start();
	p = heap_alloc_from(h, 40, &maker);
	heap_alloc(h, 40);
	mem_to_chunk(p)->head ^= (size_t)1 << (WORD_BITS - 1);
	heap_free(h, p);
	CHECK(told != 0);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p));
	CHECK_PTR_EQ(last.allocated_by, NULL);
	CHECK_PTR_EQ(last.freed_by, NULL);
	mem_to_chunk(p)->head ^= (size_t)1 << (WORD_BITS - 1);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(beside_a_header_that_is_damaged_it_is_the_block_passed_that_is_named)
{
	size_t *p[2];

	start();
	p[0] = heap_alloc_from(h, 40, &maker);
	p[1] = heap_alloc(h, 40);
	heap_alloc(h, 40);
	mem_to_chunk(p[1])->head ^= (size_t)1 << (WORD_BITS - 1);
	heap_free(h, p[0]);
	CHECK(told != 0);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p[1]));
	CHECK_PTR_EQ(last.allocated_by, &maker);
	CHECK_PTR_EQ(last.freed_by, NULL);
}

/* Let the next slice of the tour end at once: it sees but the fence. */
static void skip_slice(void)
{
	h->debug.at = h->top;
	h->debug.base = h->base;
	h->debug.fence = NULL;
	h->debug.older = 0;
	h->debug.segments = h->older;
}

TEST(a_held_block_at_fault_is_named_and_not_the_one_passed)
{
	unsigned char *held, *p = NULL;

	start();
	held = heap_alloc_from(h, 1, &maker);
	heap_free(h, held);
	held[0] ^= 1;
	for (unsigned i = 0; i <= HEAP_QUARANTINE && told == 0; i++) {
		skip_slice();
		p = heap_alloc(h, 1);
		skip_slice();
		heap_free(h, p);
	}
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_FREED);
	CHECK_PTR_EQ(last.mem, p);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(held));
	CHECK_PTR_EQ(last.allocated_by, &maker);
}

/* As a block made by somebody, its guard written over, but where none can be. */
TEST(a_block_that_lies_in_no_segment_names_nobody)
{
	size_t *gap = between_segments(), size = heap_debug_size_for(8);
	struct chunk *c = mem_to_chunk(gap);

	CHECK_EQ(h->older, 1);
	chunk_set_used(c, size | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	chunk_set_used(chunk_above(c, size),
		       size | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	heap_debug_dress(h, c, 8, 0, &maker);
	((unsigned char *)gap)[8] ^= 1;
	heap_free(h, gap);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_GUARD);
	CHECK_PTR_EQ(last.chunk, c);
	CHECK_PTR_EQ(last.allocated_by, NULL);
	CHECK_PTR_EQ(last.suspect, NULL);
}
#endif

#endif
