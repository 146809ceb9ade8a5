/* SPDX-License-Identifier: MIT */
/*
 * Regions larger than HEAP_CHUNK_MAX, which serve as several segments.  Only a
 * 32-bit host can have them; heap-debug.a alone touches most of their bytes.
 */
#include "rig.h"

#if defined(__i386__)

#define MIB ((size_t)1 << 20)
/* Bytes of a request; the debug profile adds a guard and a trailer. */
#define MOST                                                                   \
	(HEAP_CHUNK_MAX - HEAP_ALIGN - (HEAP_CHECK >= 3 ? 8 : 1) * WORD_SIZE)

static unsigned char memory[96 << 20];

static struct heap *growing(unsigned offset)
{
	struct heap *h = rig_growing_heap(0, RIG_ADJOIN);

	rig_start(memory + offset, sizeof(memory) - offset, RIG_ADJOIN);
	return h;
}

static bool is_small_enough(void *ctx, const struct heap_chunk *chunk)
{
	(void)ctx;
	return chunk->size < HEAP_CHUNK_MAX;
}

static void check_sizes(struct heap *h)
{
	CHECK(heap_walk(h, is_small_enough, NULL));
	rig_check_sound(h);
}

TEST(the_largest_request_is_served_wherever_the_break_starts)
{
	for (unsigned offset = 0; offset < 9; offset++) {
		struct heap *h = growing(offset);
		void *p = heap_alloc(h, MOST);

		CHECK(p != NULL);
		CHECK(heap_usable_size(h, p) >= MOST);
		check_sizes(h);
		heap_free(h, p);
		check_sizes(h);
		CHECK_PTR_EQ(heap_alloc(h, MOST), p);
	}
}

TEST(two_largest_requests_are_served_freed_and_served_again)
{
	for (unsigned offset = 0; offset < 9; offset++) {
		struct heap *h = growing(offset);
		void *p[2];

		for (unsigned cycle = 0; cycle < 3; cycle++) {
			for (unsigned i = 0; i < 2; i++) {
				p[i] = heap_alloc(h, MOST);
				CHECK(p[i] != NULL);
				check_sizes(h);
			}
			for (unsigned i = 0; i < 2; i++) {
				heap_free(h, p[i]);
				check_sizes(h);
			}
			p[0] = heap_alloc(h, 8);
			CHECK(p[0] != NULL);
			check_sizes(h);
			heap_free(h, p[0]);
		}
	}
}

TEST(the_largest_request_behind_another_opens_a_segment)
{
	struct heap *h = growing(3);
	void *p, *q;

	CHECK(heap_alloc(h, 100) != NULL);
	p = heap_alloc(h, MOST);
	CHECK(p != NULL);
	check_sizes(h);
	heap_free(h, p);
	check_sizes(h);
	q = heap_alloc(h, MOST - 1000);
	CHECK(q != NULL);
	check_sizes(h);
	CHECK(heap_alloc(h, MOST) != NULL);
	heap_free(h, q);
	check_sizes(h);
}

TEST(a_growing_heap_goes_on_behind_a_full_segment)
{
	struct heap *h = growing(5);
	unsigned blocks = 0;

	while (heap_alloc(h, MIB - 100) != NULL)
		blocks++;
	CHECK(blocks >= 60);
	CHECK(rig_stats(h).segments >= sizeof(memory) / HEAP_CHUNK_MAX);
	CHECK(rig_stats(h).overhead < 1000);
	check_sizes(h);
	heap_reset(h);
	check_sizes(h);
	CHECK_EQ(rig_stats(h).used_chunks, 0);
}

TEST(an_instance_on_a_huge_memory_is_several_segments)
{
	for (unsigned offset = 0; offset < 9; offset++) {
		size_t n = 64 * MIB - 12 * offset;
		struct heap *h = heap_create(memory + offset, n, NULL);

		rig_start(NULL, 0, RIG_ADJOIN);
		CHECK(h != NULL);
		CHECK(rig_stats(h).segments >= n / HEAP_CHUNK_MAX);
		CHECK(rig_stats(h).largest_free <= MOST);
		CHECK(rig_stats(h).taken <= n);
		CHECK(rig_stats(h).overhead < 1000);
		check_sizes(h);
		CHECK(heap_alloc(h, rig_stats(h).largest_free) != NULL);
		check_sizes(h);
	}
}

#endif

TEST(a_request_for_half_of_the_address_space_is_refused)
{
	struct heap *h = rig_growing_heap(4096, RIG_ADJOIN);

	for (size_t n = HEAP_CHUNK_MAX; n != 0; n *= 2) {
		CHECK(heap_alloc(h, n) == NULL);
		CHECK(heap_alloc(h, n - 1) == NULL);
	}
	CHECK_EQ(rig.grows, 0);
	rig_check_sound(h);
}
