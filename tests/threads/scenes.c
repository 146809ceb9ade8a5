/* SPDX-License-Identifier: MIT */
/*
 * What is interrupted: for each way through the heap a scene that takes it.
 * The victim is a neighbour of what the operation changes: its head, or what
 * its head says of the chunk before, is being written while it is freed.
 */
#include "every.h"

/* A block whose number is i. */
static void keep(unsigned i, void *mem, size_t n, size_t from)
{
	blocks[i].mem = mem;
	blocks[i].n = mem != NULL ? n : 0;
	for (; from < blocks[i].n; from++)
		blocks[i].mem[from] = (unsigned char)(i + 1);
}

static void put(unsigned i, size_t n)
{
	keep(i, heap_alloc(heap, n), n, 0);
}

static void drop(unsigned i)
{
	blocks[i].was = blocks[i].mem;
	heap_free(heap, blocks[i].mem);
	blocks[i].mem = NULL;
}

/* Blocks 0 to 4 of so many bytes. */
static void row(size_t a, size_t b, size_t c, size_t d, size_t e)
{
	const size_t n[] = {a, b, c, d, e};

	for (unsigned i = 0; i < 5; i++)
		if (n[i] != 0)
			put(i, n[i]);
}

/* The operations leave their blocks' contents to the sweep, to be verified. */
static void allocate(size_t n)
{
	blocks[7].mem = heap_alloc(heap, n);
}

static void resize(unsigned i, size_t n)
{
	void *mem = heap_resize(heap, blocks[i].mem, n);

	if (mem == NULL)
		return;
	blocks[i].mem = mem;
	if (n < blocks[i].n)
		blocks[i].n = n;
}

/* ---- allocate ------------------------------------------------------------ */

static void hole_of_200(void)
{
	row(40, 200, 40, 0, 0);
	drop(1);
}

static void allocate_64(void)
{
	allocate(64);
}

static void hole_of_64(void)
{
	row(40, 64, 40, 0, 0);
	drop(1);
}

static void tiny_hole(void)
{
	row(40, 4, 40, 0, 0);
	drop(1);
}

static void allocate_4(void)
{
	allocate(4);
}

static void two_blocks(void)
{
	row(40, 40, 0, 0, 0);
}

static void holes_too_small(void)
{
	row(200, 8, 236, 8, 0);
	drop(2);
	drop(0);
}

static void allocate_230(void)
{
	allocate(230);
}

static void allocate_1200(void)
{
	allocate(1200);
}

static void two_blocks_and_a_gap(void)
{
	two_blocks();
	every_gap = true;
}

/* What is left in the first bank is too little for the operation. */
static void two_banks(void)
{
	every_banks = true;
	row(40, 40, 1200, 0, 0);
}

static void allocate_too_much(void)
{
	allocate(100000);
}

static void allocate_aligned(void)
{
	blocks[7].mem = heap_alloc_aligned(heap, 128, 40);
}

static void allocate_zeros(void)
{
	blocks[7].mem = heap_zalloc(heap, 60);
}

/* ---- free ------------------------------------------------------------------ */

static void three_blocks(void)
{
	row(40, 40, 40, 0, 0);
}

static void free_1(void)
{
	drop(1);
}

static void between_holes(void)
{
	row(40, 40, 40, 40, 40);
	drop(1);
	drop(3);
}

static void free_2(void)
{
	drop(2);
}

static void between_tiny_holes(void)
{
	row(40, 4, 4, 4, 40);
	drop(1);
	drop(3);
}

/* ---- resize ---------------------------------------------------------------- */

static void wide_block(void)
{
	row(40, 200, 40, 0, 0);
}

static void resize_1_to_64(void)
{
	resize(1, 64);
}

static void hole_behind(void)
{
	row(40, 40, 200, 40, 0);
	drop(2);
}

static void resize_1_to_120(void)
{
	resize(1, 120);
}

static void hole_before(void)
{
	row(40, 200, 40, 40, 0);
	drop(1);
}

static void resize_2_to_120(void)
{
	resize(2, 120);
}

/* ---- what else takes or gives memory --------------------------------------- */

static void grown(void)
{
	row(40, 1200, 0, 0, 0);
	drop(1);
}

static void trim(void)
{
	heap_trim(heap, 0);
}

/* Two blocks that interrupts have freed, which the operation frees first. */
static void two_pending(void)
{
	row(40, 40, 40, 40, 40);
	every_late = true;
	drop(1);
	drop(3);
	every_late = false;
}

/* The reserve is empty: the operation fills it. */
static void reserve_taken(void)
{
	row(40, 40, 40, 0, 0);
	every_late = true;
	put(5, 16);
	every_late = false;
}

/* What a less urgent interrupt does, in which a more urgent one comes. */
static void free_1_late(void)
{
	every_late = true;
	drop(1);
	every_late = false;
}

static void allocate_16_late(void)
{
	every_late = true;
	allocate(16);
	every_late = false;
}

const struct scene scenes[] = {
	{"malloc-split", hole_of_200, allocate_64, 2, IN_USE},
	{"malloc-exact", hole_of_64, allocate_64, 2, IN_USE},
	{"malloc-tiny", tiny_hole, allocate_4, 2, IN_USE},
	{"malloc-top", two_blocks, allocate_64, 1, IN_USE},
	{"malloc-search", holes_too_small, allocate_230, 3, IN_USE},
	{"malloc-grow", two_blocks, allocate_1200, 1, IN_USE},
	{"malloc-grow-apart", two_blocks_and_a_gap, allocate_1200, 1, IN_USE},
	{"malloc-next-bank", two_banks, allocate_1200, 1, IN_USE},
	{"malloc-refused", two_blocks, allocate_too_much, 1, IN_USE},
	{"calloc", hole_of_64, allocate_zeros, 2, IN_USE},
	{"memalign", two_blocks, allocate_aligned, 1, IN_USE},
	{"free-alone", three_blocks, free_1, 2, IN_USE},
	{"free-between", between_holes, free_2, 4, IN_USE},
	{"free-between-tiny", between_tiny_holes, free_2, 4, IN_USE},
	{"free-to-top", two_blocks, free_1, 0, IN_USE},
	{"free-same", three_blocks, free_1, 1, SAME},
	{"realloc-shrink", wide_block, resize_1_to_64, 2, IN_USE},
	{"realloc-forward", hole_behind, resize_1_to_120, 3, IN_USE},
	{"realloc-top", two_blocks, resize_1_to_120, 0, IN_USE},
	{"realloc-backward", hole_before, resize_2_to_120, 3, IN_USE},
	{"realloc-move", three_blocks, resize_1_to_120, 2, IN_USE},
	{"trim", grown, trim, 0, IN_USE},
	{"malloc-drain", two_pending, allocate_64, 4, IN_USE},
	{"free-drain", two_pending, free_2, 4, IN_USE},
	{"free-drain-again", two_pending, free_2, 3, PENDING},
	{"malloc-refill", reserve_taken, allocate_64, 2, IN_USE},
	{"free-late", three_blocks, free_1_late, 2, IN_USE},
	{"free-late-same", three_blocks, free_1_late, 1, SAME},
	{"malloc-late", two_blocks, allocate_16_late, 1, IN_USE},
};
const unsigned scenes_count = sizeof(scenes) / sizeof(*scenes);
