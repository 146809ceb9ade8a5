/* SPDX-License-Identifier: MIT */
/* Arithmetic on words. */
#include "tap.h"

#include "word.h"

/* The same answers, one bit at a time. */
static unsigned slow_lowest(size_t w)
{
	unsigned n = 0;

	while ((w >> n & 1) == 0)
		n++;
	return n;
}

static unsigned slow_highest(size_t w)
{
	unsigned n = WORD_BITS - 1;

	while ((w >> n & 1) == 0)
		n--;
	return n;
}

static void check_bits(size_t w)
{
	CHECK_EQ(word_lowest(w), slow_lowest(w));
	for (unsigned from = 1; from <= slow_highest(w); from++)
		CHECK_EQ(word_halves(w, from),
			 2 * slow_highest(w) +
				 (w >> (slow_highest(w) - 1) & 1));
}

TEST(lowest_and_highest_bit_of_every_single_bit)
{
	for (unsigned i = 0; i < WORD_BITS; i++)
		check_bits((size_t)1 << i);
}

TEST(lowest_and_highest_bit_of_every_pair_of_bits)
{
	for (unsigned i = 0; i < WORD_BITS; i++)
		for (unsigned j = 0; j < i; j++)
			check_bits((size_t)1 << i | (size_t)1 << j);
}

TEST(lowest_and_highest_bit_of_runs_of_ones)
{
	for (unsigned i = 0; i < WORD_BITS; i++) {
		check_bits(SIZE_MAX >> i);
		check_bits(SIZE_MAX << i);
	}
}

TEST(lowest_and_highest_bit_of_random_words)
{
	uint32_t random = (uint32_t)tap_arg("seed", 1);

	for (int i = 0; i < 1000; i++) {
		size_t w = tap_rand(&random);

		w = w << (WORD_BITS - 32) ^ tap_rand(&random);
		check_bits(w | 1);
		check_bits(w | (size_t)1 << (WORD_BITS - 1));
	}
}

TEST(aligning_reaches_the_next_multiple_and_no_further)
{
	for (size_t align = 1; align <= 64; align *= 2) {
		for (uintptr_t n = 0; n < 200; n++) {
			uintptr_t down = align_down(n, align);
			uintptr_t up = align_up(n, align);

			CHECK_EQ(down % align, 0);
			CHECK_EQ(up % align, 0);
			CHECK(down <= n && n - down < align);
			CHECK(up >= n && up - n < align);
		}
	}
}

TEST(aligning_works_up_to_the_last_address)
{
	CHECK_EQ(align_down(UINTPTR_MAX, 8), UINTPTR_MAX - 7);
	CHECK_EQ(align_up(UINTPTR_MAX - 7, 8), UINTPTR_MAX - 7);
	CHECK_EQ(align_down(UINTPTR_MAX, 1), UINTPTR_MAX);
	CHECK_EQ(align_up(UINTPTR_MAX - 16, 16), UINTPTR_MAX - 15);
}

TEST(powers_of_two_are_told_from_all_others)
{
	CHECK(!is_power_of_two(0));
	CHECK(!is_power_of_two(SIZE_MAX));
	for (unsigned i = 0; i < WORD_BITS; i++) {
		CHECK(is_power_of_two((size_t)1 << i));
		for (unsigned j = 0; j < i; j++)
			CHECK(!is_power_of_two((size_t)1 << i | (size_t)1
									<< j));
	}
}

/* For machines that cannot count zeros; on others nothing else reads it. */
TEST(the_table_leads_from_a_power_of_two_to_its_number)
{
	extern const uint8_t heap_word_index[32];

	for (unsigned i = 0; i < 32; i++) {
		uint32_t power = (uint32_t)1 << i;

		CHECK_EQ(heap_word_index[power * 0x077cb531u >> 27], i);
	}
}

/* An odd number of words, also to a place below that overlaps. */
TEST(words_are_copied_and_none_besides)
{
	for (size_t n = 1; n <= 15; n += 2) {
		for (size_t distance = 1; distance <= 20; distance += 2) {
			size_t words[40];

			for (size_t i = 0; i < 40; i++)
				words[i] = i * 0x01010101u;
			word_copy(words + 2, words + 2 + distance,
				  n * WORD_SIZE);
			for (size_t i = 0; i < 40; i++) {
				bool copied = i >= 2 && i < 2 + n;

				CHECK_EQ(words[i],
					 (i + (copied ? distance : 0)) *
						 0x01010101u);
			}
		}
	}
}
