/* SPDX-License-Identifier: MIT */
/* Any operations on a sound heap of any shape, against the tests' model. */
#include "fuzz.h"

#include "model.h"
#include "rig.h"
#include "state.h"

static struct model model;

/* Without a lock, which has paths of its own; the rig's sbrk wants one. */
static void *unlocked_sbrk(void *ctx, ptrdiff_t increment)
{
	void *old;

	rig.locked = true;
	old = rig_port_growing.sbrk(ctx, increment);
	rig.locked = false;
	return old;
}

static void unlocked_fault(void *ctx, const struct heap_fault *fault)
{
	rig_port_growing.fault(ctx, fault);
}

static const struct heap_port unlocked_port = {
	.fault = unlocked_fault,
};

static const struct heap_port unlocked_port_growing = {
	.sbrk = unlocked_sbrk,
	.fault = unlocked_fault,
};

/* NULL when the bytes ask for an arena that is too small. */
static struct heap *some_heap(size_t *most)
{
	static const uint16_t sizes[] = {0x140, 0x200, 0x400, 0x1000, 0x4000};
	uint32_t kind = fuzz_below(16);
	struct heap *h;

	*most = sizes[fuzz_below(5)] + fuzz_below(256);
	if (kind < 4) {
		size_t offset = fuzz_below(2 * HEAP_ALIGN), n = *most;
		unsigned char *memory = rig_arena(&n, *most);

		return heap_create(memory + offset, n - offset,
				   kind < 2 ? &rig_port : &unlocked_port);
	}
	h = rig_growing_heap(*most, (enum rig_break)(kind % RIG_BREAKS));
	if (kind < 10)
		h->port = &unlocked_port_growing;
	return h;
}

static struct model_block *some_block(void)
{
	return &model.block[fuzz_below(MODEL_BLOCKS)];
}

/* Sizes that nobody has, near every place where a sum may wrap. */
static size_t absurd_size(void)
{
	static const size_t from[] = {
		SIZE_MAX,
		PTRDIFF_MAX,
		HEAP_CHUNK_MAX,
		HEAP_CHUNK_MAX / 2,
		SIZE_MAX - HEAP_CHUNK_MAX,
	};

	return from[fuzz_below(5)] - fuzz_below(4 * HEAP_ALIGN);
}

static void ask_the_absurd(struct heap *h)
{
	struct model_block *b = some_block();
	size_t n = absurd_size(), align = (size_t)1 << fuzz_below(WORD_BITS);

	CHECK_PTR_EQ(heap_alloc(h, n), NULL);
	CHECK_PTR_EQ(heap_zalloc(h, n), NULL);
	CHECK_PTR_EQ(heap_alloc_aligned(h, align, n), NULL);
	CHECK_PTR_EQ(heap_alloc_aligned(h, n, align), NULL);
	CHECK_PTR_EQ(heap_alloc_aligned(h, align | 3 * align, 1), NULL);
	CHECK_PTR_EQ(heap_resize(h, b->mem, n), NULL);
}

/* A block that is freed is none, whatever was free around it. */
static void free_twice(struct heap *h)
{
	struct model_block *b = some_block();
	void *mem = b->mem;

	if (HEAP_CHECK == 0 || mem == NULL)
		return;
	CHECK(rig_filled(mem, b->n, b->seed));
	b->mem = NULL;
	heap_free(h, mem);
	CHECK_EQ(rig.faults, 0);
	heap_free(h, mem);
	rig_check_fault(HEAP_FAULT_NOT_USED, mem);
	CHECK_PTR_EQ(heap_resize(h, mem, 1 + b->n), NULL);
	rig_check_fault(HEAP_FAULT_NOT_USED, mem);
	CHECK_EQ(heap_usable_size(h, mem), 0);
	rig_check_fault(HEAP_FAULT_NOT_USED, mem);
}

void fuzz_ops(const uint8_t *bytes, size_t n)
{
	size_t most;
	struct heap *h;

	fuzz_load(bytes, n);
	h = some_heap(&most);
	if (h == NULL)
		return;
	model_start(&model, h, most / 4);
	model.may_reset = true;
	while (fuzz_left()) {
		switch (fuzz_below(32)) {
		case 0:
			rig.refuse = !rig.refuse;
			break;
		case 1:
			rig.fail_at = rig.grows + 1 + fuzz_below(4);
			break;
		case 2:
			ask_the_absurd(h);
			break;
		case 3:
			free_twice(h);
			break;
		default:
			model_run(&model, 1);
		}
	}
	model_run(&model, 0);
	model_end(&model);
}
