/* SPDX-License-Identifier: MIT */
/* The boundary tag: sizes, flags and the seal. */
#include "chunk.h"
#include "rig.h"

/* Four words, of which the second starts a chunk: W below an alignment. */
static size_t words[8] __attribute__((aligned(2 * sizeof(size_t))));

static struct chunk *first(void)
{
	return (struct chunk *)&words[1];
}

/* Heads can be computed for chunks that are not there. */
static struct chunk *anywhere(uint32_t *random)
{
	size_t at = tap_rand(random);

	at = at << (WORD_BITS - 32) ^ tap_rand(random);
	return (struct chunk *)(align_down(at, HEAP_ALIGN) + WORD_SIZE);
}

static const size_t sizes[] = {
	HEAP_ALIGN,
	2 * HEAP_ALIGN,
	3 * HEAP_ALIGN,
	16 * HEAP_ALIGN,
	1000 * HEAP_ALIGN,
	HEAP_CHUNK_MAX / 2,
	HEAP_CHUNK_MAX - 2 * HEAP_ALIGN,
	HEAP_CHUNK_MAX - HEAP_ALIGN,
};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

/* A word of random key bits. */
static size_t some_key(uint32_t *random)
{
	size_t key = tap_rand(random);

	return chunk_parity(key << (WORD_BITS - 32) ^ tap_rand(random));
}

/* ---- sizes ------------------------------------------------------------- */

TEST(a_request_of_nothing_takes_the_smallest_chunk)
{
	CHECK_EQ(chunk_size_for(0), CHUNK_MIN);
	CHECK_EQ(chunk_size_for(1), CHUNK_MIN);
	CHECK_EQ(chunk_size_for(CHUNK_MIN - WORD_SIZE), CHUNK_MIN);
	CHECK_EQ(chunk_size_for(CHUNK_MIN - WORD_SIZE + 1), 2 * CHUNK_MIN);
}

TEST(every_request_takes_the_smallest_chunk_that_holds_it)
{
	for (size_t n = 0; n < 4096; n++) {
		size_t size = chunk_size_for(n);

		CHECK_EQ(size % HEAP_ALIGN, 0);
		CHECK(size >= n + WORD_SIZE);
		CHECK(size == CHUNK_MIN || size < n + WORD_SIZE + HEAP_ALIGN);
	}
}

TEST(the_largest_request_fits_the_size_bits)
{
	size_t most = HEAP_CHUNK_MAX - HEAP_ALIGN - WORD_SIZE;

	CHECK_EQ(chunk_size_for(most), HEAP_CHUNK_MAX - HEAP_ALIGN);
	CHECK_EQ(chunk_size_for(most) & CHUNK_SIZE_MASK, chunk_size_for(most));
}

TEST(a_request_that_no_chunk_can_serve_has_no_size)
{
	size_t most = HEAP_CHUNK_MAX - HEAP_ALIGN - WORD_SIZE;

	for (size_t k = 1; k <= 64; k++) {
		CHECK_EQ(chunk_size_for(most + k), 0);
		CHECK_EQ(chunk_size_for(SIZE_MAX - k + 1), 0);
		CHECK_EQ(chunk_size_for((size_t)PTRDIFF_MAX - 32 + k), 0);
	}
	CHECK_EQ(chunk_size_for(HEAP_CHUNK_MAX), 0);
}

/* ---- fields ------------------------------------------------------------ */

TEST(a_head_gives_back_the_size_and_flags_put_into_it)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	for (size_t i = 0; i < SIZES; i++) {
		for (size_t flags = 1; flags <= CHUNK_FLAGS; flags += 2) {
			struct chunk *c = first();

			chunk_set_used(c, sizes[i] | flags, some_key(&random));
			CHECK_EQ(chunk_head_size(c), sizes[i]);
			CHECK_EQ(c->head & CHUNK_FLAGS, flags);
			CHECK_EQ(chunk_is_used(c), flags % 2);
			CHECK_EQ(chunk_is_prev_used(c), flags / 2);
			CHECK_EQ(chunk_size(c), sizes[i]);
			CHECK_PTR_EQ(chunk_next(c), (uintptr_t)c + sizes[i]);
		}
	}
}

TEST(a_free_chunk_has_head_and_foot)
{
	struct chunk *c = first();

	chunk_set_free(c, 2 * CHUNK_MIN);
	CHECK(chunk_is_free_of(c, 2 * CHUNK_MIN));
	CHECK(!chunk_is_free_of(c, 3 * CHUNK_MIN));
	CHECK_EQ(chunk_plain_size(c), 2 * CHUNK_MIN);
	CHECK(!chunk_is_used(c));
	CHECK(chunk_is_prev_used(c));
	CHECK(!chunk_is_tiny(c));
	CHECK_EQ(chunk_free_size(c), 2 * CHUNK_MIN);
	CHECK_EQ(chunk_prev_foot(chunk_next(c)), 2 * CHUNK_MIN);
	CHECK_EQ(chunk_foot_size(chunk_prev_foot(chunk_next(c))),
		 2 * CHUNK_MIN);
}

TEST(a_tiny_free_chunk_is_known_by_its_links)
{
	struct chunk *c = first();

	c->head = (uintptr_t)first() | CHUNK_LINK | CHUNK_PREV_USED;
	CHECK(!chunk_is_used(c));
	CHECK(chunk_is_tiny(c));
	CHECK_EQ(chunk_size(c), CHUNK_MIN);
	CHECK_EQ(chunk_foot_size((uintptr_t)first() | CHUNK_TAG), CHUNK_MIN);
}

TEST(mem_and_chunk_lead_to_each_other)
{
	CHECK_PTR_EQ(chunk_to_mem(first()), &words[2]);
	CHECK_PTR_EQ(mem_to_chunk(&words[2]), first());
	CHECK_EQ((uintptr_t)chunk_to_mem(first()) % HEAP_ALIGN, 0);
}

TEST(spans_are_what_lies_between)
{
	CHECK_PTR_EQ(chunk_above(first(), 24), (uintptr_t)first() + 24);
	CHECK_PTR_EQ(chunk_below(first(), 24), (uintptr_t)first() - 24);
	CHECK_EQ(chunk_span(first(), chunk_above(first(), 40)), 40);
}

/* ---- the seal ---------------------------------------------------------- */

/* The lanes of a word, one after the other. */
TEST(the_parity_is_the_sum_of_all_lanes)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	for (int i = 0; i < 300; i++) {
		size_t x = tap_rand(&random), sum = 0;

		x = x << (WORD_BITS - 32) ^ tap_rand(&random);
		for (unsigned at = 0; at < WORD_BITS; at += CHUNK_SEAL_BITS)
			sum ^= x >> at;
		CHECK_EQ(chunk_parity(x), sum << HEAP_CHUNK_BITS);
	}
}

TEST(every_head_is_sealed_where_it_was_made)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	RIG_NEEDS_CHECKS;
	for (int i = 0; i < 300; i++) {
		struct chunk *at = anywhere(&random), c;
		size_t key = some_key(&random);
		size_t low = sizes[(size_t)i % SIZES] | (size_t)i % 4;

		c.head = chunk_sealed(at, low, key);
		CHECK_EQ(c.head & (HEAP_CHUNK_MAX - 1), low);
		CHECK_EQ(chunk_parity(c.head ^ (uintptr_t)at), key);
	}
}

TEST(every_change_of_one_bit_of_a_head_shows)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	RIG_NEEDS_CHECKS;
	for (int i = 0; i < 100; i++) {
		struct chunk *c = first();
		size_t key = some_key(&random);

		chunk_set_used(c, sizes[(size_t)i % SIZES] | (size_t)i % 4,
			       key);
		for (unsigned bit = 0; bit < WORD_BITS; bit++) {
			c->head ^= (size_t)1 << bit;
			CHECK(!chunk_is_sealed(c, key));
			c->head ^= (size_t)1 << bit;
		}
		CHECK(chunk_is_sealed(c, key));
	}
}

TEST(a_seal_holds_for_one_address_and_key)
{
	RIG_NEEDS_CHECKS;
	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		size_t head = chunk_sealed(first(), HEAP_ALIGN, 0);
		size_t other = (size_t)1 << bit;

		CHECK_EQ(chunk_parity(head ^ (uintptr_t)first()), 0);
		CHECK(chunk_parity(head ^ (uintptr_t)first() ^ other) != 0);
		if (bit >= HEAP_CHUNK_BITS)
			CHECK_EQ(chunk_sealed(first(), HEAP_ALIGN, other),
				 head ^ other);
	}
}

TEST(a_fence_is_one_of_two_words)
{
	struct chunk *c = first();

	c->head = FENCE;
	CHECK(chunk_is_fence(c));
	CHECK(chunk_is_used(c));
	CHECK(chunk_is_prev_used(c));
	CHECK_EQ(chunk_head_size(c), 0);
	chunk_flip_prev_used(c);
	CHECK(chunk_is_fence(c));
	CHECK(chunk_is_used(c));
	CHECK(!chunk_is_prev_used(c));
	CHECK_EQ(chunk_head_size(c), 0);
	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		c->head = FENCE ^ (size_t)1 << bit;
		CHECK(!chunk_is_fence(c) || c->head == (FENCE ^ CHUNK_FLIP));
	}
}

/* A flag and its bit of the seal are one constant: see chunk_parity. */
TEST(turning_prev_used_over_keeps_the_seal)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	RIG_NEEDS_CHECKS;
	for (size_t i = 0; i < 8 * SIZES; i++) {
		size_t key = some_key(&random), size = sizes[i % SIZES];
		struct chunk *c = first();

		chunk_set_used(c, size | CHUNK_USED, key);
		chunk_flip_prev_used(c);
		CHECK(chunk_is_prev_used(c));
		CHECK(chunk_is_used(c));
		CHECK_EQ(chunk_head_size(c), size);
		CHECK(chunk_is_sealed(c, key));
		chunk_flip_prev_used(c);
		CHECK(!chunk_is_prev_used(c));
		CHECK(chunk_is_sealed(c, key));
	}
}

TEST(random_heads_pass_as_seldom_as_the_seal_has_bits)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);
	unsigned passed = 0, tries = 16000;

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < tries; i++) {
		first()->head = tap_rand(&random) ^ (size_t)tap_rand(&random)
							    << (WORD_BITS - 32);
		passed += chunk_is_sealed(first(), chunk_parity(0x5bd1e995));
	}
	CHECK(passed <= 2 * tries / (1u << CHUNK_SEAL_BITS) + 4);
}

TEST(a_forgotten_head_is_no_used_chunk)
{
	RIG_NEEDS_CHECKS;
	chunk_set_used(first(), HEAP_ALIGN | CHUNK_USED, 0);
	chunk_forget(first());
	CHECK(!chunk_is_used(first()));
}
