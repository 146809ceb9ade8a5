/* SPDX-License-Identifier: MIT */
/*
 * heap_region_sbrk on regions at made-up addresses, none of which is ever touched;
 * and the gap between a region and a stack, both an array.
 */
#include "tap.h"

#include "heap_guard.h"

#define SPENT ((void *)-1)

static char *at(uintptr_t address)
{
	return (char *)address;
}

static struct heap_region region(uintptr_t start, uintptr_t end)
{
	return (struct heap_region){.start = at(start), .end = at(end)};
}

/* A request refused, and the break left where it was. */
static void check_refused(struct heap_region *r, ptrdiff_t increment)
{
	char *before = r->brk;

	CHECK_PTR_EQ(heap_region_sbrk(r, increment), SPENT);
	CHECK_PTR_EQ(r->brk, before);
}

/* Whatever is asked of it, this region gives nothing. */
static void check_unsound(struct heap_region r)
{
	static const ptrdiff_t asked[] = {0,  1,    -1,          8,
					  -8, 4096, PTRDIFF_MAX, PTRDIFF_MIN};

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		check_refused(&r, asked[i]);
}

TEST(first_break_is_the_start)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20000000));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 16), at(0x20000000));
}

TEST(successive_gifts_adjoin)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	CHECK_PTR_EQ(heap_region_sbrk(&r, 100), at(0x20000000));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 28), at(0x20000064));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20000080));
}

TEST(asking_for_nothing_moves_nothing)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	heap_region_sbrk(&r, 24);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20000018));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20000018));
}

TEST(every_byte_is_given_and_not_one_more)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	check_refused(&r, 0x1001);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0x1000), at(0x20000000));
	check_refused(&r, 1);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20001000));
}

TEST(a_refusal_does_not_spoil_what_still_fits)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	heap_region_sbrk(&r, 0xff8);
	check_refused(&r, 9);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 8), at(0x20000ff8));
}

TEST(bytes_given_back_are_given_again)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	heap_region_sbrk(&r, 0x1000);
	CHECK_PTR_EQ(heap_region_sbrk(&r, -0x800), at(0x20001000));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0x800), at(0x20000800));
	check_refused(&r, 1);
}

TEST(no_more_is_taken_back_than_was_given)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	check_refused(&r, -1);
	heap_region_sbrk(&r, 64);
	check_refused(&r, -65);
	check_refused(&r, PTRDIFF_MIN);
	CHECK_PTR_EQ(heap_region_sbrk(&r, -64), at(0x20000040));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20000000));
}

TEST(a_reversed_region_gives_nothing)
{
	check_unsound(region(0x20001000, 0x20000000));
	check_unsound(region(0x20000001, 0x20000000));
	check_unsound(region(UINTPTR_MAX, 1));
	check_unsound(region(1, 0));
}

TEST(a_region_that_starts_at_null_gives_nothing)
{
	check_unsound(region(0, 0x20001000));
	check_unsound(region(0, 0));
	check_unsound(region(0, UINTPTR_MAX));
}

TEST(an_empty_region_has_a_break_and_no_bytes)
{
	struct heap_region r = region(0x20000000, 0x20000000);

	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(0x20000000));
	check_refused(&r, 1);
	check_refused(&r, -1);
	check_refused(&r, PTRDIFF_MAX);
}

TEST(a_region_of_one_byte_gives_it)
{
	struct heap_region r = region(0x20000003, 0x20000004);

	check_refused(&r, 2);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 1), at(0x20000003));
	check_refused(&r, 1);
	CHECK_PTR_EQ(heap_region_sbrk(&r, -1), at(0x20000004));
}

TEST(tiny_regions_at_any_alignment_give_their_size_exactly)
{
	for (uintptr_t skew = 0; skew <= 8; skew++) {
		for (ptrdiff_t size = 1; size <= 100; size++) {
			uintptr_t start = 0x20000000 + skew;
			struct heap_region r =
				region(start, start + (uintptr_t)size);

			check_refused(&r, size + 1);
			CHECK_PTR_EQ(heap_region_sbrk(&r, size), at(start));
			check_refused(&r, 1);
			CHECK_PTR_EQ(heap_region_sbrk(&r, -size),
				     at(start + (uintptr_t)size));
		}
	}
}

TEST(a_region_up_to_the_last_address_does_not_wrap)
{
	struct heap_region r = region(UINTPTR_MAX - 0xff, UINTPTR_MAX);

	check_refused(&r, 0x100);
	check_refused(&r, 0x101);
	check_refused(&r, PTRDIFF_MAX);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0xf8), at(UINTPTR_MAX - 0xff));
	check_refused(&r, 8);
	CHECK_PTR_EQ(heap_region_sbrk(&r, -0xf8), at(UINTPTR_MAX - 7));
}

TEST(a_break_is_never_the_address_that_means_spent)
{
	struct heap_region r = region(UINTPTR_MAX - 0xff, UINTPTR_MAX);

	check_refused(&r, 0xff);
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0xfe), at(UINTPTR_MAX - 0xff));
	CHECK_PTR_EQ(heap_region_sbrk(&r, 0), at(UINTPTR_MAX - 1));
	check_refused(&r, 1);
	check_unsound(region(UINTPTR_MAX, UINTPTR_MAX));
}

TEST(more_than_half_of_the_address_space_is_given_in_parts)
{
	struct heap_region r = region(0x1000, UINTPTR_MAX);

	CHECK_PTR_EQ(heap_region_sbrk(&r, PTRDIFF_MAX), at(0x1000));
	CHECK_PTR_EQ(heap_region_sbrk(&r, PTRDIFF_MAX - 0x1000),
		     at(0x1000 + (uintptr_t)PTRDIFF_MAX));
	check_refused(&r, PTRDIFF_MAX);
	CHECK_PTR_EQ(heap_region_sbrk(&r, -PTRDIFF_MAX), at(UINTPTR_MAX - 1));
}

TEST(the_largest_steps_are_refused_where_they_do_not_fit)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	heap_region_sbrk(&r, 16);
	check_refused(&r, PTRDIFF_MAX);
	check_refused(&r, PTRDIFF_MIN);
	check_refused(&r, -PTRDIFF_MAX);
}

/* size_t above PTRDIFF_MAX, converted, is a step back: it must not pass. */
TEST(a_request_of_more_than_half_of_the_space_is_a_step_back_too_far)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	heap_region_sbrk(&r, 16);
	check_refused(&r, (ptrdiff_t)(SIZE_MAX - 31));
	check_refused(&r, (ptrdiff_t)((size_t)PTRDIFF_MAX + 1));
}

TEST(a_region_above_half_of_the_space_is_like_any_other)
{
	uintptr_t half = (uintptr_t)PTRDIFF_MAX + 1;
	struct heap_region r = region(half - 16, half + 16);

	CHECK_PTR_EQ(heap_region_sbrk(&r, 32), at(half - 16));
	check_refused(&r, 1);
	CHECK_PTR_EQ(heap_region_sbrk(&r, -32), at(half + 16));
}

TEST(a_break_outside_of_its_region_gives_nothing)
{
	struct heap_region r = region(0x20000000, 0x20001000);

	r.brk = at(0x20001001);
	check_refused(&r, 0);
	check_refused(&r, -1);
	r.brk = at(0x1fffffff);
	check_refused(&r, 0);
	check_refused(&r, 1);
}

/* ---- the gap between heap and stack -------------------------------------- */

#define HEAP_BYTES  256
#define STACK_BYTES 192

static uint32_t ram[(HEAP_BYTES + STACK_BYTES) / sizeof(uint32_t)];
static struct heap_region below;
static struct heap_gap gap;

/* A region of HEAP_BYTES, of which some are taken, and a stack behind it. */
static void start_gap(ptrdiff_t taken)
{
	char *mem = (char *)ram;

	below = (struct heap_region){.start = mem, .end = mem + HEAP_BYTES};
	gap = (struct heap_gap){.region = &below,
				.low = mem + HEAP_BYTES,
				.high = mem + HEAP_BYTES + STACK_BYTES};
	for (size_t i = 0; i < sizeof(ram) / sizeof(*ram); i++)
		ram[i] = 1;
	heap_region_sbrk(&below, taken);
	heap_gap_paint(&gap);
}

/* The stack grows to so many bytes and shrinks again. */
static void stack_was(size_t bytes)
{
	ram[(HEAP_BYTES + STACK_BYTES - bytes) / sizeof(uint32_t)] = 2;
}

static void check_gap(size_t heap, size_t stack, size_t used, size_t between)
{
	struct heap_gap_sizes sizes;

	heap_gap_measure(&gap, &sizes);
	CHECK_EQ(sizes.heap, heap);
	CHECK_EQ(sizes.stack, stack);
	CHECK_EQ(sizes.used, used);
	CHECK_EQ(sizes.gap, between);
}

TEST(a_stack_that_was_never_used_leaves_all_of_the_gap)
{
	start_gap(40);
	check_gap(HEAP_BYTES - 40, STACK_BYTES, 0,
		  HEAP_BYTES - 40 + STACK_BYTES);
	/* The heap's bytes are not painted. */
	CHECK_EQ(ram[9], 1);
	CHECK(ram[10] != 1);
}

TEST(the_deepest_byte_of_the_stack_counts)
{
	start_gap(40);
	stack_was(8);
	check_gap(216, STACK_BYTES - 8, 8, 216 + STACK_BYTES - 8);
	stack_was(100);
	stack_was(4);
	check_gap(216, STACK_BYTES - 100, 100, 216 + STACK_BYTES - 100);
	/* The heap grows over the paint, and gives some of that back. */
	heap_region_sbrk(&below, 200);
	ram[20] = 3;
	heap_region_sbrk(&below, -160);
	check_gap(176, STACK_BYTES - 100, 100, 176 + STACK_BYTES - 100);
	stack_was(STACK_BYTES);
	check_gap(176, 0, STACK_BYTES, 176);
}

TEST(a_stack_in_the_heaps_region_is_seen)
{
	start_gap(40);
	for (size_t bytes = 4; bytes <= STACK_BYTES + 60; bytes += 4)
		stack_was(bytes);
	check_gap(216, 0, STACK_BYTES + 60, 216 - 60);
	heap_region_sbrk(&below, 216 - 60);
	check_gap(60, 0, STACK_BYTES + 60, 0);
}

TEST(before_the_first_break_the_whole_region_is_the_gap)
{
	start_gap(0);
	below.brk = NULL;
	check_gap(HEAP_BYTES, STACK_BYTES, 0, HEAP_BYTES + STACK_BYTES);
}

TEST(a_stack_elsewhere_is_measured_by_itself)
{
	start_gap(40);
	below.end -= 8;
	ram[HEAP_BYTES / 4 - 1] = 5;
	stack_was(STACK_BYTES);
	check_gap(208, 0, STACK_BYTES, 216);
	/* And painting leaves the region alone. */
	ram[30] = 6;
	heap_gap_paint(&gap);
	CHECK_EQ(ram[30], 6);
	check_gap(208, STACK_BYTES, 0, 216 + STACK_BYTES);
}

static char said[128];

static void keep_text(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	CHECK(n < sizeof(said));
	for (size_t i = 0; i < n; i++)
		said[i] = bytes[i];
	said[n] = '\0';
}

TEST(the_gap_is_a_line_of_text)
{
	static const struct heap_port writer = {.write = keep_text};
	static const struct heap_port silent = {0};

	start_gap(40);
	stack_was(92);
	heap_gap_report(&writer, &gap);
	CHECK_STR_EQ(said,
		     "heap: gap: 316 bytes, 216 of the heap and 100 of the "
		     "stack, which used 92 of 192\n");
	for (size_t bytes = 4; bytes <= STACK_BYTES + 4; bytes += 4)
		stack_was(bytes);
	heap_gap_report(&writer, &gap);
	CHECK_STR_EQ(said, "heap: gap: 212 bytes, 216 of the heap and 0 of the "
			   "stack, which used 196 of 192: it has overflowed\n");
	said[0] = '\0';
	heap_gap_report(&silent, &gap);
	CHECK_STR_EQ(said, "");
}
