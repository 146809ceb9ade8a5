/* SPDX-License-Identifier: MIT */
/*
 * What a heap owes in a small world: places, contents, exact refusals, and
 * that it is as before when all is freed.
 *
 * This is the only file here that knows the inside of a heap: where the
 * control block's counters are, which are no part of a state, and which words
 * of a free chunk mean something.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "state.h"

#define CHUNKS 64

/* The chunks that heap_walk shows, in its order. */
static struct heap_chunk map[CHUNKS];
static unsigned chunks;

static size_t given;      /* as here.given before the operation */
static uint64_t pristine; /* the chunks of an empty world */

/* ---- bytes ------------------------------------------------------------- */

/* What belongs into the word at an aligned address, whoever has it. */
static size_t pattern(uintptr_t at)
{
	return (size_t)(at * 0x9e3779b1u) ^ (size_t)at >> 3;
}

static unsigned char pattern_byte(uintptr_t at)
{
	uintptr_t word = at & ~(uintptr_t)(WORD_SIZE - 1);

	return (unsigned char)(pattern(word) >> 8 * (at - word));
}

void model_fill(uintptr_t at, size_t n)
{
	for (; n != 0; n--, at++)
		*(unsigned char *)at = pattern_byte(at);
}

/* Whole words, as of blocks. */
static void fill_words(unsigned char *mem, size_t n)
{
	size_t *word = (size_t *)(uintptr_t)mem;

	for (; n != 0; n -= WORD_SIZE, word++)
		*word = pattern((uintptr_t)word);
}

static bool words_are_kept(const unsigned char *mem, size_t n)
{
	const size_t *word = (const size_t *)(uintptr_t)mem;

	for (; n != 0; n -= WORD_SIZE, word++)
		if (*word != pattern((uintptr_t)word))
			return false;
	return true;
}

/* Do n bytes at mem hold what was written at `was`? */
static bool came_along(const unsigned char *mem, const unsigned char *was,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mem[i] != pattern_byte((uintptr_t)was + i))
			return false;
	return true;
}

/* ---- the inside of a heap ---------------------------------------------- */

size_t model_control(void)
{
	return align_up(sizeof(struct heap), HEAP_ALIGN);
}

struct heap *model_empty_heap(void *mem, const struct heap_port *port)
{
	struct heap *h = mem;

	h->bins.lo = BINS_NOWHERE(h);
	h->port = port;
	return h;
}

/* How often and how much it ever was is no part of a state. */
static void forget_counters(void)
{
	here.heap->peak = heap_in_use(here.heap);
	here.heap->below_peak = 0;
	here.heap->failures = 0;
}

static uint64_t mix(uint64_t sum, size_t word)
{
	sum = (sum ^ word) * 0x9fb21c651e98df25u;
	return sum ^ sum >> 32;
}

static uint64_t mix_words(uint64_t sum, const void *from, size_t n)
{
	const size_t *word = from;

	for (; n != 0; n -= WORD_SIZE)
		sum = mix(sum, *word++);
	return sum;
}

/* Its header, and links and foot while it is free. */
static uint64_t mix_chunk(uint64_t sum, const struct heap_chunk *c)
{
	const size_t *mem = c->mem;

	sum = mix(sum, (uintptr_t)mem ^ c->state);
	sum = mix(mix(sum, c->size), mem[-1]);
	if (c->state != HEAP_CHUNK_FREE)
		return sum;
	if (c->size > HEAP_ALIGN)
		sum = mix(sum, mem[1]);
	return mix(mix(sum, mem[0]), mem[c->size / WORD_SIZE - 2]);
}

/* ---- looking ----------------------------------------------------------- */

static bool see(void *ctx, const struct heap_chunk *c)
{
	(void)ctx;
	if (chunks == CHUNKS)
		return false;
	map[chunks++] = *c;
	return true;
}

/* Fill the map; what it stands for. */
static uint64_t tour(void)
{
	uint64_t sum = 0;

	chunks = 0;
	if (!heap_walk(here.heap, see, NULL))
		world_wrong("heap_walk does not come to the end");
	for (unsigned i = 0; i < chunks; i++)
		sum = mix_chunk(sum, &map[i]);
	return sum;
}

void model_print(void)
{
	printf("# the map last seen, in units of %zu bytes:", HEAP_ALIGN);
	for (unsigned i = 0; i < chunks; i++)
		printf(" %c%zu", "uft"[map[i].state], map[i].size / HEAP_ALIGN);
	printf("\n");
}

/* Every used chunk is a block, and the other way round. */
static void check_map(void)
{
	size_t used = 0, blocks = 0;

	for (unsigned i = 0; i < chunks; i++)
		used += map[i].state == HEAP_CHUNK_USED ? map[i].size : 0;
	for (unsigned i = 0; i < WORLD_BLOCKS; i++)
		if (here.block[i].mem != NULL)
			blocks += here.block[i].n + WORD_SIZE;
	if (used != blocks)
		world_wrong("%zu bytes are in use, of which %zu are ours", used,
			    blocks);
}

static void check_contents(void)
{
	for (unsigned i = 0; i < WORLD_BLOCKS; i++)
		if (here.block[i].mem != NULL &&
		    !words_are_kept(here.block[i].mem, here.block[i].n))
			world_wrong("block %c has lost its content", 'a' + i);
	for (unsigned i = 0; i < here.strangers; i++)
		if (!came_along((unsigned char *)here.stranger[i],
				(unsigned char *)here.stranger[i],
				STRANGER_BYTES))
			world_wrong(
				"the heap wrote into somebody else's bytes");
}

uint64_t world_look(void)
{
	uint64_t sum;

	check_contents();
	forget_counters();
	sum = tour();
	check_map();
	sum = mix_words(sum, here.heap, sizeof(struct heap));
	sum = mix_words(sum, here.bank, sizeof(here.bank));
	sum = mix_words(sum, here.stranger, sizeof(here.stranger));
	sum = mix(sum, here.turn);
	/* 0 is an empty place in the table of states. */
	here.state = sum != 0 ? sum : 1;
	return here.state;
}

void model_start(void)
{
	pristine = tour();
	world_look();
}

void model_begin(void)
{
	given = here.given;
}

/* ---- answers ----------------------------------------------------------- */

static bool overlap(uintptr_t a, size_t a_bytes, uintptr_t b, size_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

/* Is [at, at + n) memory that this heap was given for chunks? */
static bool was_given(uintptr_t at, size_t n)
{
	uintptr_t start = (uintptr_t)here.memory + model_control();

	if (!world->grows)
		return at >= start &&
		       at + n <= (uintptr_t)here.memory + here.bytes;
	for (unsigned i = 0; i < 2; i++)
		if (at >= here.bank[i].start && at + n <= here.bank[i].brk)
			return true;
	return false;
}

/* Block b is at p now: is the place a good one?  Fills it. */
static void place(struct block *b, void *p, const struct op *op)
{
	uintptr_t at = (uintptr_t)p - WORD_SIZE;
	size_t align = op->align > HEAP_ALIGN ? op->align : HEAP_ALIGN;
	size_t n = heap_usable_size(here.heap, p);

	if ((uintptr_t)p % align != 0)
		world_wrong("the answer is not aligned to %zu", align);
	if (n < op->n || n % WORD_SIZE != 0)
		world_wrong("%zu bytes may be used of %zu", n, op->n);
	if (!was_given(at, n + WORD_SIZE))
		world_wrong("the answer lies outside of the heap");
	b->mem = NULL;
	for (unsigned i = 0; i < WORLD_BLOCKS; i++) {
		const struct block *o = &here.block[i];

		if (o->mem != NULL &&
		    overlap(at, n + WORD_SIZE, (uintptr_t)o->mem - WORD_SIZE,
			    o->n + WORD_SIZE))
			world_wrong("the answer overlaps block %c", 'a' + i);
	}
	for (unsigned i = 0; i < here.strangers; i++)
		if (overlap(at, n + WORD_SIZE, here.stranger[i],
			    STRANGER_BYTES))
			world_wrong("the answer is somebody else's");
	b->mem = p;
	b->n = n;
	fill_words(b->mem, n);
}

/* Bytes of a chunk that serves n bytes. */
static size_t chunk_bytes(size_t n)
{
	size_t size =
		(n + WORD_SIZE + HEAP_ALIGN - 1) / HEAP_ALIGN * HEAP_ALIGN;

	return size < 2 * WORD_SIZE ? 2 * WORD_SIZE : size;
}

/* The size of the chunk in `state` that starts, or ends, at `at`; 0: none. */
static size_t size_at(uintptr_t at, bool ends, enum heap_chunk_state state)
{
	for (unsigned i = 0; i < chunks; i++) {
		uintptr_t edge = (uintptr_t)map[i].mem - WORD_SIZE +
				 (ends ? map[i].size : 0);

		if (map[i].state == state && edge == at)
			return map[i].size;
	}
	return 0;
}

/* Bytes that the end of the heap can still get, `need` being asked for. */
static size_t growth(size_t need)
{
	const struct bank *bank = &here.bank[here.turn];
	size_t rest = bank->end - bank->brk;

	if (!world->grows)
		return 0;
	if (bank->brk == here.heap->end && here.heap->end % HEAP_ALIGN == 0)
		return rest;
	/* A segment of its own, or of an end that is not aligned. */
	return rest >= need + sizeof(struct segment) + 4 * HEAP_ALIGN ? need
								      : 0;
}

static void unjustified(size_t need)
{
	world_wrong("refused, and a chunk of %zu bytes could be had", need);
}

/*
 * Nothing was the answer to a request for a chunk of `need` bytes: is that
 * so, and has nothing changed?  `own` is what the block had, at `at`.
 */
static void check_refusal(const struct op *op, size_t need, uintptr_t at,
			  size_t own)
{
	uint64_t before = here.state, after = world_look();
	size_t top = 0, grown = op->refused == 0 ? growth(need) : 0;

	if (!world->grows && after != before)
		world_wrong("refused, but the heap has changed");
	for (unsigned i = 0; i < chunks; i++) {
		if (map[i].state != HEAP_CHUNK_USED && map[i].size >= need)
			unjustified(need);
		if (map[i].state == HEAP_CHUNK_TOP)
			top = map[i].size;
	}
	if (top + grown >= need)
		unjustified(need);
	if (own == 0)
		return;

	size_t behind = size_at(at + own, false, HEAP_CHUNK_FREE);
	size_t below = size_at(at, true, HEAP_CHUNK_FREE);

	if (own + behind >= need)
		unjustified(need);
	/* What lies before and the top, which a new segment may have made a
	 * chunk meanwhile, are not taken together. */
	if (here.given == given && below != 0 && below + own + behind >= need)
		unjustified(need);
	if (top != 0 && size_at(at + own, false, HEAP_CHUNK_TOP) == top &&
	    own + top + grown >= need)
		unjustified(need);
}

void model_new(struct block *b, void *p, const struct op *op)
{
	size_t need = chunk_bytes(op->n);

	if (p != NULL)
		place(b, p, op);
	else
		check_refusal(op,
			      op->align > HEAP_ALIGN
				      ? need + op->align - HEAP_ALIGN
				      : need,
			      0, 0);
}

void model_zero(struct block *b, void *p, const struct op *op)
{
	const unsigned char *byte = p;

	for (size_t i = 0; p != NULL && i < op->n; i++)
		if (byte[i] != 0)
			world_wrong("calloc's byte %zu is not 0", i);
	model_new(b, p, op);
}

void model_resized(struct block *b, void *p, const struct op *op)
{
	struct block was = *b;
	size_t keeps = op->n < was.n ? op->n : was.n;

	if (p == NULL) {
		check_refusal(op, chunk_bytes(op->n),
			      (uintptr_t)was.mem - WORD_SIZE,
			      was.n + WORD_SIZE);
		return;
	}
	if (!came_along(p, was.mem, keeps))
		world_wrong("realloc has lost content");
	place(b, p, op);
}

/* ---- a state that is new ----------------------------------------------- */

#define EXAMINED (WORLD_DEPTH - 1)

static void check_invariants(const char *when)
{
	const void *bad = NULL;
	enum heap_invariant broken = heap_check(here.heap, &bad);

	if (broken != HEAP_OK)
		world_wrong("heap_check says I%d at %zu, %s", (int)broken,
			    (size_t)((const unsigned char *)bad - here.memory),
			    when);
}

static void check_stats(const struct heap_stats *s)
{
	size_t in_use = 0, blocks = 0;

	for (unsigned i = 0; i < WORLD_BLOCKS; i++) {
		if (here.block[i].mem == NULL)
			continue;
		in_use += here.block[i].n + WORD_SIZE;
		blocks++;
	}
	if (s->in_use != in_use || s->used_chunks != blocks)
		world_wrong(
			"heap_stats: %zu bytes in %zu blocks, not %zu in %zu",
			s->in_use, s->used_chunks, in_use, blocks);
	if (s->taken != s->in_use + s->free + s->overhead)
		world_wrong("heap_stats: the sums do not agree");
	if (s->taken > (world->grows ? here.given : here.bytes))
		world_wrong("heap_stats: more taken than given");
}

/* Without sbrk the largest request that is served is the one that is told. */
static void check_exhaustion(const struct heap_stats *s)
{
	struct op all = {.kind = OP_ALLOC, .n = s->largest_free};
	struct op more = {.kind = OP_ALLOC, .n = s->largest_free + 1};

	all.refused = more.refused = (1u << WORLD_CALLS) - 1;
	if (s->largest_free == 0)
		more.n = 0;
	for (all.block = 0; here.block[all.block].mem != NULL;)
		if (++all.block == WORLD_BLOCKS)
			return;
	more.block = all.block;
	world_do(&more);
	if (here.block[more.block].mem != NULL)
		world_wrong("a request above the largest free chunk is served");
	world_back(EXAMINED);
	if (s->largest_free == 0)
		return;
	world_do(&all);
	if (here.block[all.block].mem == NULL)
		world_wrong("%zu bytes are free, and not to be had", all.n);
	check_invariants("after the largest request");
	world_back(EXAMINED);
}

/* Free all, in one of two orders: a chunk a segment is left. */
static void check_recovery(uint64_t state)
{
	struct heap_stats s;
	uint64_t empty;

	for (unsigned i = 0; i < WORLD_BLOCKS; i++) {
		struct block *b =
			&here.block[(state & 64) != 0 ? i
						      : WORLD_BLOCKS - 1 - i];

		heap_free(here.heap, b->mem);
		b->mem = NULL;
	}
	empty = tour();
	check_invariants("when all is freed");
	heap_stats(here.heap, &s);
	if (!world->grows && empty != pristine)
		world_wrong("all is freed, but not one chunk again");
	if (s.in_use != 0 || s.used_chunks != 0 || s.free_chunks > s.segments)
		world_wrong("all is freed, but %zu chunks in %zu segments",
			    s.free_chunks, s.segments);
	world_back(EXAMINED);
}

void world_examine(uint64_t state)
{
	struct heap_stats s;

	world_keep(EXAMINED);
	check_invariants("at the end");
	heap_stats(here.heap, &s);
	check_stats(&s);
	check_exhaustion(&s);
	check_recovery(state);
}
