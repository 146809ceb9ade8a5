/* SPDX-License-Identifier: MIT */
/* Random operations against a shadow of the heap. */
#include "model.h"
#include "rig.h"

static struct model model;

/* Enough for a fragmented heap, not for a slow one. */
#define MOST ((size_t)32 << 10)

static void run(struct heap *h, bool may_reset, unsigned every,
		unsigned operations)
{
	size_t n;

	CHECK(h != NULL);
	tap_arena(&n);
	model_start(&model, h, (n < MOST ? n : MOST) / 4);
	model.may_reset = may_reset;
	model.every = every;
	model_run(&model, operations);
	model_end(&model);
	CHECK(model.served > operations / 20);
}

TEST(random_operations_in_an_arena_checked_after_every_one)
{
	run(rig_heap(MOST), true, 1, 2000);
}

TEST(random_operations_in_an_arena_checked_now_and_then)
{
	run(rig_heap(MOST), false, 64, 12000);
}

TEST(random_operations_in_a_full_arena)
{
	run(rig_heap(2048), false, 7, 4000);
}

TEST(random_operations_while_sbrk_adjoins)
{
	run(rig_growing_heap(MOST, RIG_ADJOIN), true, 1, 2000);
}

TEST(random_operations_while_sbrk_adjoins_checked_now_and_then)
{
	run(rig_growing_heap(MOST, RIG_ADJOIN), false, 64, 12000);
}

TEST(random_operations_while_others_call_sbrk_too)
{
	run(rig_growing_heap(MOST, RIG_FOREIGN), true, 3, 4000);
}

TEST(random_operations_while_two_banks_answer_by_turns)
{
	run(rig_growing_heap(MOST, RIG_TURNS), true, 3, 4000);
}

TEST(random_operations_while_sbrk_answers_lower_and_lower)
{
	run(rig_growing_heap(MOST, RIG_DOWN), true, 3, 4000);
}
