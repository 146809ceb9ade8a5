/* SPDX-License-Identifier: MIT */
#include "model.h"

#include "bins.h"
#include "rig.h"

void model_start(struct model *m, struct heap *h, size_t largest)
{
	*m = (struct model){.heap = h, .largest = largest, .every = 1};
	m->random = (uint32_t)tap_arg("seed", 1) * 2654435769u;
}

static uint32_t below(struct model *m, uint32_t n)
{
	return tap_below(&m->random, n);
}

/* Mostly small, as programs ask. */
static size_t some_size(struct model *m)
{
	switch (below(m, 8)) {
	case 0:
		return below(m, (uint32_t)m->largest + 1);
	case 1:
	case 2:
		return below(m, (uint32_t)m->largest / 8 + 1);
	default:
		return below(m, 5 * HEAP_ALIGN);
	}
}

/* ---- the shadow -------------------------------------------------------- */

static bool overlaps(const struct model *m, const struct model_block *one)
{
	for (const struct model_block *b = m->block;
	     b < m->block + MODEL_BLOCKS; b++) {
		if (b == one || b->mem == NULL)
			continue;
		if (b->mem < one->mem + one->n && one->mem < b->mem + b->n)
			return true;
		if (b->mem == one->mem)
			return true;
	}
	return false;
}

static void check_block(const struct model_block *b)
{
	if (b->mem != NULL)
		CHECK(rig_filled(b->mem, b->n, b->seed));
}

/* Block b is now n bytes at mem, whose first `kept` are as before. */
static void check_served(struct model *m, struct model_block *b, void *mem,
			 size_t n, size_t align, size_t kept)
{
	CHECK(rig_filled(mem, kept, b->seed));
	*b = (struct model_block){mem, n, align, ++m->stamps};
	CHECK_EQ((uintptr_t)mem % align, 0);
	CHECK(heap_usable_size(m->heap, mem) >= n);
	CHECK(!overlaps(m, b));
	rig_fill(mem, n, b->seed);
	m->served++;
}

/*
 * NULL is right only when no bin above that of the request has a chunk, and
 * none fits whose bin holds one size.
 */
static void check_refusal(struct model *m, size_t n)
{
	size_t size = chunk_size_for(n);
	size_t largest = rig_stats(m->heap).largest_free + WORD_SIZE;

	if (size == 0 || size > largest)
		return;
	CHECK(size > HEAP_EXACT_BINS * HEAP_ALIGN);
	CHECK_EQ(bin_of(size), bin_of(largest));
}

/* ---- operations -------------------------------------------------------- */

static void do_alloc(struct model *m, struct model_block *b)
{
	size_t n = some_size(m), align = HEAP_ALIGN;
	void *mem;

	switch (below(m, 6)) {
	case 0:
		align = HEAP_ALIGN << below(m, 5);
		mem = heap_alloc_aligned(m->heap, align, n);
		break;
	case 1:
		mem = heap_zalloc(m->heap, n);
		for (size_t i = 0; mem != NULL && i < n; i++)
			CHECK_EQ(((unsigned char *)mem)[i], 0);
		break;
	default:
		mem = heap_alloc(m->heap, n);
	}
	if (mem != NULL)
		check_served(m, b, mem, n, align, 0);
	else
		check_refusal(m, n + align - HEAP_ALIGN);
}

static void do_resize(struct model *m, struct model_block *b)
{
	size_t n = some_size(m), kept = n < b->n ? n : b->n;
	void *mem = heap_resize(m->heap, b->mem, n);

	if (mem != NULL)
		check_served(m, b, mem, n, HEAP_ALIGN, kept);
	else if (n == 0)
		b->mem = NULL;
	else
		check_block(b);
}

static void do_free(struct model *m, struct model_block *b)
{
	check_block(b);
	heap_free(m->heap, b->mem);
	b->mem = NULL;
}

static void do_reset(struct model *m)
{
	heap_reset(m->heap);
	for (unsigned i = 0; i < MODEL_BLOCKS; i++)
		m->block[i].mem = NULL;
	CHECK_EQ(rig_stats(m->heap).in_use, 0);
}

static void operate(struct model *m)
{
	struct model_block *b = &m->block[below(m, MODEL_BLOCKS)];
	uint32_t dice = below(m, 200);

	if (dice == 0)
		heap_trim(m->heap, below(m, (uint32_t)m->largest));
	else if (dice == 1 && m->may_reset && below(m, 4) == 0)
		do_reset(m);
	else if (b->mem == NULL)
		do_alloc(m, b);
	else if (dice < 120)
		do_free(m, b);
	else
		do_resize(m, b);
}

static void check_all(struct model *m)
{
	rig_check_sound(m->heap);
	for (unsigned i = 0; i < MODEL_BLOCKS; i++)
		check_block(&m->block[i]);
	CHECK(rig_strangers_untouched());
}

void model_run(struct model *m, unsigned operations)
{
	for (unsigned i = 1; i <= operations && !tap_failed(); i++) {
		operate(m);
		if (i % m->every == 0)
			check_all(m);
		if (tap_failed())
			tap_diag("at operation %u", i);
	}
	check_all(m);
}

void model_end(struct model *m)
{
	for (unsigned i = 0; i < MODEL_BLOCKS && !tap_failed(); i++) {
		do_free(m, &m->block[i]);
		rig_check_sound(m->heap);
	}
	CHECK_EQ(rig_stats(m->heap).in_use, 0);
	CHECK_EQ(rig_stats(m->heap).used_chunks, 0);
	rig_let_go(m->heap);
	CHECK(rig_stats(m->heap).free_chunks <= rig_stats(m->heap).segments);
}
