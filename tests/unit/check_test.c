/* SPDX-License-Identifier: MIT */
/*
 * heap_check: each invariant, broken on purpose, is the one that it names, at
 * the chunk where it is broken; and no damage makes it fault or loop.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)
#define UNIT HEAP_ALIGN

static struct heap *h;

/*
 * The chunks are 0 to 6 and the top.  Chunk 1 is free, 3 tiny and free, 5 free
 * of the size of 1.
 */
static void given_blocks(void)
{
	h = rig_heap(MOST);
	rig_lay(h, "u2 f3 u1 f1 u4 f3 u2");
}

static struct chunk *chunk(unsigned i)
{
	return mem_to_chunk(rig_block[i]);
}

/* Size and flags of chunk i become `low`, with a seal that fits. */
static void forge(unsigned i, size_t low)
{
	rig_forge(chunk(i), low, h->bins.key);
}

static void expect(enum heap_invariant broken, const void *at)
{
	const void *bad = &bad;

	CHECK_EQ(heap_check(h, &bad), broken);
	CHECK_PTR_EQ(bad, at);
	CHECK_EQ(heap_check(h, NULL), broken);
	CHECK(!rig.locked);
}

/* ---- one by one -------------------------------------------------------- */

TEST(a_sound_heap_has_nothing_broken)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	expect(HEAP_OK, NULL);
	heap_reset(h);
	expect(HEAP_OK, NULL);
}

TEST(I1_a_size_below_the_smallest)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	forge(2, 0 | CHUNK_USED);
	expect(HEAP_I1, chunk(2));
	given_blocks();
	forge(1, 0 | CHUNK_PREV_USED);
	expect(HEAP_I1, chunk(1));
}

TEST(I1_a_head_whose_seal_is_broken)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	RIG_NEEDS_CHECKS;
	for (unsigned bit = HEAP_CHUNK_BITS; bit < WORD_BITS; bit++) {
		given_blocks();
		chunk(4)->head ^= (size_t)1 << bit;
		expect(HEAP_I1, chunk(4));
		given_blocks();
		/* A free chunk has no seal: these are bits of its size. */
		chunk(1)->head ^= (size_t)1 << bit;
		expect(HEAP_I2, chunk(1));
	}
}

TEST(I2_a_size_beyond_the_fence)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	forge(6, (HEAP_CHUNK_MAX - UNIT) | CHUNK_USED);
	expect(HEAP_I2, chunk(6));
	given_blocks();
	forge(6, 3 * UNIT | CHUNK_USED);
	expect(HEAP_I2, chunk(6));
}

TEST(I3_two_free_neighbours)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	forge(2, 1 * UNIT);
	((size_t *)chunk(3))[-1] = 1 * UNIT;
	expect(HEAP_I3, chunk(2));
}

TEST(I3_a_free_chunk_below_the_top)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	forge(6, 2 * UNIT | CHUNK_PREV_USED);
	((size_t *)h->top)[-1] = 2 * UNIT;
	expect(HEAP_I3, chunk(6));
}

TEST(I4_a_prev_used_bit_that_is_wrong)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	chunk_flip_prev_used(chunk(2));
	expect(HEAP_I4, chunk(2));
	given_blocks();
	chunk_flip_prev_used(chunk(4));
	expect(HEAP_I4, chunk(4));
	given_blocks();
	chunk_flip_prev_used(chunk(0));
	expect(HEAP_I4, chunk(0));
	given_blocks();
	chunk_flip_prev_used(h->top);
	expect(HEAP_I4, h->top);
}

TEST(I5_a_foot_that_differs_from_the_size)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	((size_t *)chunk(2))[-1] += UNIT;
	expect(HEAP_I5, chunk(1));
	given_blocks();
	((size_t *)chunk(4))[-1] &= ~CHUNK_TAG;
	expect(HEAP_I5, chunk(3));
}

TEST(I6_a_link_that_leads_astray)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	chunk(5)->fwd = chunk(4);
	expect(HEAP_I6, chunk(4));
	given_blocks();
	chunk(5)->fwd = (struct chunk *)((uintptr_t)chunk(1) + 1);
	expect(HEAP_I6, (char *)chunk(1) + 1);
	given_blocks();
	chunk(5)->fwd = (struct chunk *)&rig;
	expect(HEAP_I6, &rig);
	given_blocks();
	chunk(1)->back = chunk(1);
	expect(HEAP_I6, chunk(1));
	given_blocks();
	h->bins.head[1] = (struct chunk *)UNIT;
	expect(HEAP_I6, (struct chunk *)UNIT);
}

/* All its words are right, but it lies where no chunk can. */
TEST(I6_a_link_to_a_chunk_that_is_misaligned)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	unsigned char *at;
	size_t words[3];

	given_blocks();
	at = (unsigned char *)rig_block[4] + 2;
	words[0] = 3 * UNIT | CHUNK_PREV_USED;
	words[1] = 0;
	words[2] = (size_t)chunk(5);
	for (size_t i = 0; i < sizeof(words); i++)
		at[i] = ((unsigned char *)words)[i];
	/* In the place of chunk 1, so that the number of chunks is right. */
	CHECK_PTR_EQ(chunk(5)->fwd, chunk(1));
	chunk(5)->fwd = (struct chunk *)(void *)at;
	expect(HEAP_I6, at);
}

TEST(I6_a_link_that_leads_between_segments)
{
	struct chunk *fence;

	h = rig_growing_heap(MOST, RIG_FOREIGN);
	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
	fence = ((struct segment *)h->base)[-1].fence;
	h->bins.head[20] = fence;
	h->bins.map |= (size_t)1 << 22;
	expect(HEAP_I6, fence);
	h->bins.head[20] = chunk_above(fence, UNIT);
	expect(HEAP_I6, chunk_above(fence, UNIT));
}

TEST(I6_a_list_that_bites_its_tail)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	chunk(1)->fwd = chunk(1);
	expect(HEAP_I6, chunk(1));
	given_blocks();
	chunk(1)->fwd = chunk(5);
	expect(HEAP_I6, chunk(5));
}

TEST(I6_a_free_chunk_in_no_bin)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	chunk(5)->fwd = NULL;
	expect(HEAP_I6, NULL);
	given_blocks();
	h->bins.tiny = 0;
	h->bins.map &= ~(size_t)2;
	expect(HEAP_I6, NULL);
}

TEST(I6_a_chunk_in_the_wrong_bin)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	h->bins.head[4] = h->bins.head[1];
	h->bins.head[1] = NULL;
	h->bins.map ^= 1u << 3 | 1u << 6;
	expect(HEAP_I6, chunk(5));
}

TEST(I6_a_tiny_link_that_leads_astray)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	chunk(3)->head = (uintptr_t)chunk(2) | CHUNK_PREV_USED;
	expect(HEAP_I6, chunk(2));
	given_blocks();
	((size_t *)chunk(3))[1] = (uintptr_t)&rig | CHUNK_TAG;
	expect(HEAP_I6, chunk(3));
	given_blocks();
	chunk(3)->head = (uintptr_t)chunk(3) | CHUNK_PREV_USED;
	expect(HEAP_I6, chunk(3));
}

TEST(I7_a_bit_of_the_map_that_is_wrong)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	for (unsigned bin = 1; bin < HEAP_BINS; bin++) {
		struct chunk *first;

		given_blocks();
		first = heap_bins_first(&h->bins, bin);
		h->bins.map ^= (size_t)1 << bin;
		expect(HEAP_I7, first);
	}
	for (unsigned bit = HEAP_BINS; bit < WORD_BITS; bit++) {
		given_blocks();
		h->bins.map |= (size_t)1 << bit;
		expect(HEAP_I7, NULL);
	}
	given_blocks();
	h->bins.map |= 1;
	expect(HEAP_I7, NULL);
}

TEST(I7_a_chunk_in_a_bin_whose_bit_is_clear)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	h->bins.head[9] = chunk(1);
	expect(HEAP_I7, chunk(1));
}

TEST(I7_a_bit_in_the_map_of_an_empty_heap)
{
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	h->bins.map = 4;
	expect(HEAP_I7, NULL);
}

TEST(I8_a_count_of_bytes_that_is_wrong)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	if (HEAP_STATS != 0) {
		h->below_peak -= UNIT;
		expect(HEAP_I8, NULL);
	}
	given_blocks();
	h->taken = 12 * UNIT;
	h->check = heap_slow_check(h);
	expect(HEAP_I8, NULL);
}

TEST(I8_more_in_chunks_than_was_taken)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	/* Used ones, free ones, and the top: each of them counts. */
	h->taken = 16 * UNIT + chunk_span(h->top, h->limit) - 1;
	h->check = heap_slow_check(h);
	expect(HEAP_I8, NULL);
}

TEST(I8_any_flipped_bit_of_what_seldom_changes)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();

	size_t *words[] = {
		(size_t *)&h->bins.lo,
		&h->bins.units,
		&h->bins.key,
		(size_t *)&h->base,
		(size_t *)&h->limit,
		(size_t *)&h->end,
		&h->older,
		&h->taken,
		(size_t *)&h->check,
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (unsigned bit = 0; bit < WORD_BITS; bit++) {
			*words[i] ^= (size_t)1 << bit;
			expect(HEAP_I8, NULL);
			*words[i] ^= (size_t)1 << bit;
		}
	}
	expect(HEAP_OK, NULL);
}

TEST(I9_a_fence_that_is_not_there)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	rig_forge(h->top, UNIT | CHUNK_USED | CHUNK_PREV_USED, h->bins.key);
	expect(HEAP_I9, h->top);
	given_blocks();
	rig_forge(h->top, CHUNK_PREV_USED, h->bins.key);
	expect(HEAP_I9, h->top);
	given_blocks();
	h->top = chunk_above(h->top, 1);
	expect(HEAP_I9, h->top);
	given_blocks();
	h->top = chunk_below(h->base, UNIT);
	expect(HEAP_I9, h->top);
	given_blocks();
	h->top = chunk_above(h->limit, UNIT);
	expect(HEAP_I9, h->top);
}

/* There it may be, as far as the bounds of all segments tell. */
TEST(I9_a_top_in_another_segment)
{
	static const enum rig_break hows[] = {RIG_FOREIGN, RIG_DOWN};

	for (unsigned i = 0; i < 2; i++) {
		h = rig_growing_heap(MOST, hows[i]);
		CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
		while (h->older == 0)
			CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
		h->top = ((struct segment *)h->base)[-1].fence;
		CHECK_EQ(h->top > h->base, i == 1);
		expect(HEAP_I9, h->top);
	}
}

TEST(I9_a_top_that_is_not_there)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	given_blocks();
	h->top = NULL;
	expect(HEAP_I9, NULL);
}

TEST(the_fence_and_descriptor_of_an_older_segment_are_checked)
{
	struct segment *d;

	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		h = rig_growing_heap(MOST, RIG_FOREIGN);
		CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
		CHECK(heap_alloc(h, 2 * HEAP_GROW / 3) != NULL);
		d = (struct segment *)h->base - 1;
		for (unsigned word = 0; word < 3; word++) {
			((size_t *)d)[word] ^= (size_t)1 << bit;
			expect(HEAP_I8, h->base);
			((size_t *)d)[word] ^= (size_t)1 << bit;
		}
		expect(HEAP_OK, NULL);
		if (HEAP_CHECK == 0 && bit != 0)
			continue;
		d->fence->head ^= (size_t)1 << bit;
		expect(HEAP_I9, d->fence);
	}
}

/* ---- any damage -------------------------------------------------------- */

/*
 * Where the port is told, and what is mended when it is damaged, so that turning
 * a bit back would be damage again.
 */
static bool is_spared(const unsigned char *at)
{
	const unsigned char *port = (const unsigned char *)&h->port;
	const unsigned char *mended = (const unsigned char *)&h->telling;

	return (at >= port && at < port + sizeof(h->port)) ||
	       (HEAP_CHECK != 0 && at >= mended &&
		at < (const unsigned char *)(h + 1));
}

static bool look(void *ctx, const struct heap_chunk *chunk)
{
	(void)chunk;
	++*(unsigned *)ctx;
	return true;
}

/* Flip some bits, look, and flip them back. */
static void damage_and_look(uint32_t *random, unsigned char *arena, size_t n)
{
	size_t at[8];
	unsigned char bits[8];
	unsigned count = 1 + tap_below(random, 8), visited = 0;

	for (unsigned i = 0; i < count; i++) {
		at[i] = tap_below(random, (uint32_t)n);
		bits[i] = (unsigned char)(1 + tap_below(random, 255));
		if (is_spared(arena + at[i]))
			bits[i] = 0;
		arena[at[i]] ^= bits[i];
	}
	heap_check(h, NULL);
	heap_walk(h, look, &visited);
	CHECK(visited <= n / UNIT);
	for (unsigned i = 0; i < count; i++)
		arena[at[i]] ^= bits[i];
}

TEST(no_flipped_bits_make_the_checker_fault_or_loop)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	uint32_t random = (uint32_t)tap_arg("seed", 1);
	unsigned char *arena;
	size_t n;

	given_blocks();
	arena = tap_arena(&n);
	/* Where the control block, the chunks and the fence lie. */
	n = (size_t)((unsigned char *)h->top - arena) + UNIT;
	for (unsigned i = 0; i < 4000; i++)
		damage_and_look(&random, arena, n);
	expect(HEAP_OK, NULL);
	CHECK_EQ(rig.faults, 0);
}

TEST(no_random_chunks_make_the_checker_fault_or_loop)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	for (unsigned i = 0; i < 1000; i++) {
		size_t *word;
		unsigned visited = 0;

		given_blocks();
		for (word = (size_t *)h->base; word <= (size_t *)h->top; word++)
			switch (tap_below(&random, 6)) {
			case 0:
				*word = tap_rand(&random);
				break;
			case 1:
				rig_forge((struct chunk *)word,
					  tap_below(&random, 16) * UNIT |
						  tap_below(&random, 4),
					  h->bins.key);
				break;
			case 2:
				*word = (size_t)chunk(tap_below(&random, 7)) |
					tap_below(&random, 4);
				break;
			default:
				break;
			}
		heap_check(h, NULL);
		heap_walk(h, look, &visited);
		CHECK(visited <= 20);
	}
}
