/* SPDX-License-Identifier: MIT */
/*
 * A damaged heap: a few operations, then words of the arena or of the control
 * block are overwritten, then all that the heap can do is done.  Nothing may
 * crash, loop, or write outside of the arena; what looks only, writes nothing.
 *
 * Words that are never damaged: the port and the layer, for they lead to
 * code.  Those of the hull and of where segments lie are damaged only when
 * nothing but check, walk, statistics, trim and reset follow, which look at
 * the check word over them; the other calls believe them.
 */
#include "fuzz.h"

#include <string.h>

#include "rig.h"
#include "state.h"

#define BLOCKS 12u

static struct {
	struct heap *h;
	size_t *start; /* the control block lies here   */
	size_t n;      /* bytes                         */
	void *block[BLOCKS];
	size_t chunks; /* no heap of n bytes has more */
	bool empty;    /* it has no memory yet        */
} arena;

/* ---- a small heap ------------------------------------------------------ */

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	rig_port.fault(ctx, fault);
}

static const struct heap_port unlocked_port = {.fault = on_fault};

static bool make_heap(void)
{
	uint32_t kind = fuzz_below(8);
	size_t control = align_up(sizeof(struct heap), HEAP_ALIGN);
	/* With the port of the rig there is a lock, else the other path. */
	const struct heap_port *port = kind < 2 ? &rig_port : &unlocked_port;

	arena.n = control + 64 + (size_t)8 * fuzz_below(128);
	arena.n = align_down(arena.n, HEAP_ALIGN);
	arena.start = fuzz_memory(arena.n);
	arena.chunks = arena.n / HEAP_ALIGN;
	memset(arena.block, 0, sizeof(arena.block));
	memset(arena.start, 0, arena.n);
	rig_start(arena.start, 0, RIG_ADJOIN);
	if (kind < 4) {
		arena.h = heap_create(arena.start, arena.n, port);
		return arena.h != NULL;
	}
	arena.h = (void *)arena.start;
	*arena.h = (struct heap){.bins.lo = BINS_NOWHERE(arena.h),
				 .port = &rig_port_growing};
	rig_start((char *)arena.start + control, arena.n - control,
		  (enum rig_break)(kind % RIG_BREAKS));
	return true;
}

static bool inside(const void *mem, size_t n)
{
	uintptr_t at = (uintptr_t)mem, from = (uintptr_t)arena.start;

	from += sizeof(struct heap);
	return at >= from && at - from <= arena.n - sizeof(struct heap) &&
	       n <= (uintptr_t)arena.start + arena.n - at;
}

static size_t some_size(void)
{
	return fuzz_below(8) == 0 ? fuzz_below(512) : fuzz_below(96);
}

/* Constant time: a last resort, four calls of sbrk, and the small change. */
#define CALL_BLOCKS 3000ul

/* The call `kind` for block b; false when it answered NULL. */
static bool call(uint32_t kind, uint32_t b)
{
	struct heap *h = arena.h;
	size_t n = some_size();
	void *p = arena.block[b], *to = NULL;

	switch (kind) {
	case 0:
		n = fuzz_below(64);
		to = heap_alloc_aligned(h, HEAP_ALIGN << n % 6, n);
		break;
	case 1:
		to = heap_zalloc(h, n);
		break;
	case 2:
	case 3:
		heap_free(h, p);
		arena.block[b] = NULL;
		break;
	case 4:
		if (n == 0)
			arena.block[b] = NULL;
		to = heap_resize(h, p, n);
		break;
	default:
		to = heap_alloc(h, n);
	}
	if (to == NULL)
		return false;
	tap_check(inside(to, n), "a block lies inside", __FILE__, __LINE__);
	memset(to, 0x5a, n);
	arena.block[b] = to;
	return true;
}

static size_t before[FUZZ_MEMORY / sizeof(size_t)];

/*
 * A call that met damage and answers nothing has changed nothing; but for what
 * it grew by, and the fault that waits to be told.
 */
static void check_unchanged(void)
{
	struct heap *was = (void *)before;

	if (arena.h->port->sbrk != NULL || HEAP_CHECK >= 3 ||
	    was->bins.damage.kind != HEAP_FAULT_NONE)
		return;
	was->bins.damage = arena.h->bins.damage;
	/* What goes back into its bin may repair these. */
	was->bins.map = arena.h->bins.map;
	was->bins.tiny = arena.h->bins.tiny;
	/* They follow a damaged count of the bytes in use. */
	was->peak = arena.h->peak;
	was->below_peak = arena.h->below_peak;
	was->telling = arena.h->telling;
	was->untold = arena.h->untold;
	CHECK(memcmp(before, arena.start, arena.n) == 0);
}

static void operate(void)
{
	unsigned faults = rig.faults;
	uint32_t kind = fuzz_below(8);
	bool served;

	memcpy(before, arena.start, arena.n);
	/* With HEAP_CHECK 3 each of them checks the whole heap. */
	fuzz_budget(CALL_BLOCKS + (HEAP_CHECK < 3 ? 0 : 1000 * arena.chunks));
	served = call(kind, fuzz_below(BLOCKS));
	fuzz_budget(0);
	/* Carving an aligned one leaves traces in what is free. */
	if (!served && kind != 0 && rig.faults != faults)
		check_unchanged();
}

/* ---- damage ------------------------------------------------------------ */

static bool leads_to_code(const size_t *word)
{
	size_t offset = (size_t)((const char *)word - (const char *)arena.h);

#if HEAP_CHECK != 0
	if (offset == offsetof(struct heap, layer) ||
	    offset == offsetof(struct heap, layer_copy) ||
	    offset == offsetof(struct heap, port_copy))
		return true;
#endif
	/* Nor code, but: a fault is being told, all calls are refused. */
	if (offset == align_down(offsetof(struct heap, telling), WORD_SIZE))
		return true;
	return offset == offsetof(struct heap, port);
}

/* Believed by what has to be quick. */
static bool is_believed(const size_t *word)
{
	size_t offset = (size_t)((const char *)word - (const char *)arena.h);

	return offset == offsetof(struct heap, bins.fast) ||
	       (offset >= offsetof(struct heap, bins.lo) &&
		offset < offsetof(struct heap, bins.damage)) ||
	       (offset >= offsetof(struct heap, base) &&
		offset <= offsetof(struct heap, check));
}

static size_t *some_word(void)
{
	return arena.start + fuzz_below((uint32_t)(arena.n / WORD_SIZE));
}

static size_t some_value(const size_t *word)
{
	const size_t *other = some_word();

	switch (fuzz_below(8)) {
	case 0:
		return *word ^ (size_t)1 << fuzz_below(WORD_BITS);
	case 1:
		return (uintptr_t)other;
	case 2:
		return (uintptr_t)other + fuzz_below(16);
	case 3:
		return *other;
	case 4:
		return (size_t)fuzz_below(64) * HEAP_ALIGN + fuzz_below(4);
	case 5:
		return chunk_sealed((const struct chunk *)word,
				    (size_t)fuzz_below(64) * HEAP_ALIGN +
					    fuzz_below(4),
				    arena.h->bins.key);
	case 6:
		return *word + (size_t)fuzz_below(64) - 32;
	default:
		return fuzz_word();
	}
}

/* Overwrite some words; `wild`: the believed ones too. */
static void damage(bool wild)
{
	uint32_t times = 1 + fuzz_below(8);

	while (times-- != 0) {
		uint32_t run = fuzz_below(16);
		size_t *word = some_word();

		/* Now and then a whole stretch of bytes. */
		for (run = run == 0 ? fuzz_below(64) + 1 : 1; run != 0; run--) {
			if (!leads_to_code(word) &&
			    (wild || !is_believed(word)))
				*word = run == 1 ? some_value(word)
						 : fuzz_word();
			if (++word == arena.start + arena.n / WORD_SIZE)
				break;
		}
	}
}

/* ---- what follows ------------------------------------------------------ */

static bool visit(void *ctx, const struct heap_chunk *chunk)
{
	size_t *left = ctx;

	tap_check(*left != 0, "the walk ends", __FILE__, __LINE__);
	tap_check(inside(chunk->mem, 0), "a chunk lies inside", __FILE__,
		  __LINE__);
	--*left;
	return true;
}

/* They end after so many steps a chunk, and change nothing. */
static void look(void)
{
	struct heap *h = arena.h, *was = (void *)before;
	const void *bad = arena.start;
	unsigned faults = rig.faults;
	size_t most = arena.chunks * (1 + arena.chunks / 8);
	struct heap_stats stats;

	memcpy(before, arena.start, arena.n);
	fuzz_budget(2000 + 100 * arena.chunks);
	/* What is told instead, as of a lost port, leaves *bad alone. */
	if (heap_check(h, &bad) == HEAP_OK && rig.faults == faults)
		CHECK_PTR_EQ(bad, NULL);
	fuzz_budget(1000 + 50 * most);
	heap_walk(h, visit, &most);
	heap_stats(h, &stats);
	fuzz_budget(0);
	/* What waited to be told is dropped, or told. */
	was->bins.damage = h->bins.damage;
	CHECK(memcmp(before, arena.start, arena.n) == 0);
}

void fuzz_arena(const uint8_t *bytes, size_t n)
{
	uint32_t times;
	bool wild;

	fuzz_load(bytes, n);
	wild = fuzz_below(2) == 0;
	if (!make_heap())
		return;
	for (times = fuzz_below(20); times != 0; times--)
		operate();
	CHECK_EQ(heap_check(arena.h, NULL), HEAP_OK);
	CHECK_EQ(rig.faults, 0);
	arena.empty = arena.h->top == NULL;
	damage(wild);
	look();
	/* Without checks a damaged heap may do anything. */
	if (HEAP_CHECK == 0) {
		fuzz_check_moat(arena.start);
		return;
	}
	while (!wild && fuzz_left())
		operate();
	look();
	fuzz_budget(2000 + 100 * arena.chunks);
	heap_trim(arena.h, fuzz_below(64));
	heap_reset(arena.h);
	look();
	fuzz_check_moat(arena.start);
}
