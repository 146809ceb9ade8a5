/* SPDX-License-Identifier: MIT */
/* Faults of the program: what it should not have done with a pointer. */
#include "campaign.h"

#define OFTEN 64 /* attempts to find what a misuse needs */

static unsigned char a_static[64] __attribute__((aligned(64)));

/* ---- what lies beside a block ------------------------------------------- */

enum beside { NOTHING, USED, FREE, TOP };

static struct {
	const void *mem;
	enum beside last, prev, next;
	size_t usable;
	unsigned char *next_mem;
	size_t prev_size, last_size;
	uintptr_t
		last_end; /* where the next one begins, unless it is elsewhere */
	bool met;
} beside;

static bool look(void *ctx, const struct heap_chunk *chunk)
{
	enum beside now = chunk->state == HEAP_CHUNK_USED   ? USED
			  : chunk->state == HEAP_CHUNK_FREE ? FREE
							    : TOP;

	(void)ctx;
	bool adjoins = (uintptr_t)chunk->mem == beside.last_end;

	if (beside.met) {
		if (!adjoins)
			return false;
		beside.next = now;
		beside.next_mem = (unsigned char *)(uintptr_t)chunk->mem;
		return false;
	}
	beside.met = chunk->mem == beside.mem;
	if (beside.met && adjoins) {
		beside.prev = beside.last;
		beside.prev_size = beside.last_size;
	}
	beside.last = now;
	beside.last_size = chunk->size;
	beside.last_end = (uintptr_t)chunk->mem + chunk->size;
	return true;
}

static void look_beside(const void *mem)
{
	beside.met = false;
	beside.last_end = 0;
	beside.mem = mem;
	beside.prev = beside.next = beside.last = NOTHING;
	beside.next_mem = NULL;
	beside.usable = heap_usable_size(trial.heap, mem);
	heap_walk(trial.heap, look, NULL);
}

/* ---- pointers that are no blocks ------------------------------------------ */

/* Free a block beside which it looks so; its address, or NULL: none does. */
static unsigned char *free_between(enum beside prev, enum beside next)
{
	for (unsigned i = 0; i < OFTEN; i++) {
		struct block *b = work_pick();
		unsigned char *p;

		if (b == NULL)
			return NULL;
		p = b->mem;
		look_beside(p);
		if (beside.prev == prev && beside.next == next)
			return work_give(b) == GOING_ON ? p : NULL;
	}
	return NULL;
}

static unsigned char *freed_now(void)
{
	struct block *b = work_pick();
	unsigned char *p = b->mem;

	return work_give(b) == GOING_ON ? p : NULL;
}

/* Freed, and its address was not given out again since. */
static unsigned char *freed_long_ago(void)
{
	unsigned char *p = freed_now();

	if (work_ops("since", 1 + below(64)) != GOING_ON ||
	    work_block_at(p) != NULL)
		return NULL;
	return p;
}

static unsigned char *merged_into_prev(void)
{
	return free_between(FREE, USED);
}

static unsigned char *merged_into_next(void)
{
	return free_between(USED, FREE);
}

static unsigned char *merged_into_both(void)
{
	return free_between(FREE, FREE);
}

static unsigned char *merged_into_top(void)
{
	return free_between(USED, TOP);
}

/* Freed, merged with the chunk below, and what came of it given out again. */
static unsigned char *inside_another(void)
{
	unsigned char *p = free_between(FREE, USED);
	struct block *b;

	if (p == NULL)
		return NULL;
	b = work_take(beside.prev_size + beside.usable);
	return b != NULL && work_block_around(p) == b && b->mem != p ? p : NULL;
}

static unsigned char *interior(void)
{
	struct block *b = work_pick();
	unsigned units = (unsigned)((b->n - 1) / HEAP_ALIGN);

	return units != 0 ? b->mem + (1 + below(units)) * HEAP_ALIGN : NULL;
}

static unsigned char *interior_first(void)
{
	struct block *b = work_pick();

	return b->n > HEAP_ALIGN ? b->mem + HEAP_ALIGN : NULL;
}

static unsigned char *misaligned(void)
{
	return work_pick()->mem + 1 + below(HEAP_ALIGN - 1);
}

static unsigned char *before_arena(void)
{
	return trial.arena - GUARD_BYTES / 2;
}

static unsigned char *behind_arena(void)
{
	return trial.arena + ARENA_BYTES + GUARD_BYTES / 2;
}

static unsigned char *of_a_static(void)
{
	return a_static + 32;
}

/* Resolved by the caller, on whose stack it lies. */
static unsigned char on_the_stack[1];

static unsigned char *of_the_stack(void)
{
	return on_the_stack;
}

static unsigned char *of_the_control_block(void)
{
	size_t units = words_control() / HEAP_ALIGN;

	return trial.arena + below((uint32_t)units) * HEAP_ALIGN;
}

static unsigned char *low(void)
{
	return (unsigned char *)(HEAP_ALIGN * (1 + below(64)));
}

static unsigned char *high(void)
{
	return (unsigned char *)(UINTPTR_MAX - HEAP_ALIGN * below(64) -
				 (HEAP_ALIGN - 1));
}

static const struct {
	const char *name;
	unsigned char *(*find)(void);
} pointers[] = {
	{"freed now", freed_now},
	{"freed before", freed_long_ago},
	{"freed, merged into prev", merged_into_prev},
	{"freed, merged with next", merged_into_next},
	{"freed, merged with both", merged_into_both},
	{"freed, merged into top", merged_into_top},
	{"freed, inside another block now", inside_another},
	{"interior", interior},
	{"interior, one unit up", interior_first},
	{"misaligned", misaligned},
	{"below the region", before_arena},
	{"behind the region", behind_arena},
	{"between segments", arena_hole},
	{"not dealt out yet", arena_beyond},
	{"of the control block", of_the_control_block},
	{"of the stack", of_the_stack},
	{"of a static", of_a_static},
	{"almost NULL", low},
	{"the highest addresses", high},
};

#define POINTERS ((unsigned)(sizeof(pointers) / sizeof(pointers[0])))

/* ---- the misuse, and whether it was noticed at once ------------------------ */

static const char *const followed[] = {
	[DETECT] = "then detect",   [SILENT] = "then silent",
	[DEGRADE] = "then degrade", [BENIGN] = "then benign",
	[HANG] = "then hang",
};

/* No one noticed: what comes of it? */
static enum outcome missed(void)
{
	trial.faults = 0;
	work_refill();
	return end(MISSED, followed[work_to_the_end()]);
}

/* It was noticed.  Nothing has been written, and the heap serves on? */
static enum outcome noticed(bool untouched)
{
	const struct trial was = trial;
	enum outcome outcome;

	if (!untouched)
		return end(SILENT, "overwritten");
	trial.faults = 0;
	outcome = work_to_the_end();
	if (outcome != BENIGN)
		return outcome;
	trial = was;
	return end(DETECT, "fault");
}

static enum outcome pass(unsigned char *p, unsigned how)
{
	unsigned char stack[64] = {0};
	uint32_t sum = arena_sum();
	size_t n = 1 + below(200), answer = 0;

	if (p == on_the_stack)
		p = (unsigned char *)(((uintptr_t)stack + 32) &
				      ~(uintptr_t)(HEAP_ALIGN - 1));
	trial.phase = "misuse";
	trial.op = 0;
	trial.mem = p;
	tap_diag("hit %s %zu at %p", "pass", n, (void *)p);
	switch (how) {
	case 0:
		trial.call = CALL_FREE;
		heap_free(trial.heap, p);
		break;
	case 1:
		trial.call = CALL_RESIZE;
		answer = (size_t)heap_resize(trial.heap, p, n);
		break;
	default:
		trial.call = CALL_SIZE;
		answer = heap_usable_size(trial.heap, p);
		break;
	}
	if (trial.faults == 0)
		return missed();
	return noticed(answer == 0 && trial.faults == 1 && arena_sum() == sum);
}

/* ---- writes ------------------------------------------------------------------ */

/*
 * Write n bytes at p, as a program would that errs: the same byte again and
 * again, or anything.  False when they were there already.
 */
static bool scribble(unsigned char *p, size_t n)
{
	unsigned how = below(4);
	unsigned char byte = how == 1 ? 0 : how == 2 ? 0xff : 'A';
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		if (how == 0)
			byte = (unsigned char)below(256);
		changed |= p[i] != byte;
		p[i] = byte;
	}
	tap_diag("hit write %zu bytes of 0x%x at %p was 0x0 is 0x0", n, byte,
		 (void *)p);
	return changed;
}

static enum outcome told_by_free(unsigned char *p)
{
	trial.call = CALL_FREE;
	trial.mem = p;
	trial.op++;
	heap_free(trial.heap, p);
	if (trial.locked || trial.why != NULL)
		return end(HANG, "lock");
	return trial.faults != 0 ? end(DETECT, "fault") : GOING_ON;
}

/* Free block b, beside which something was overwritten, and its next one. */
static enum outcome free_both(struct block *b)
{
	unsigned char *p = b->mem;
	struct block *next =
		beside.next == USED ? work_block_at(beside.next_mem) : NULL;
	enum outcome outcome;

	trial.phase = "misuse";
	trial.op = 0;
	trial.why = NULL;
	b->mem = NULL;
	outcome = told_by_free(p);
	if (outcome == GOING_ON && next != NULL) {
		p = next->mem;
		next->mem = NULL;
		outcome = told_by_free(p);
	}
	return outcome == GOING_ON ? missed() : outcome;
}

/* From the end of what was asked for, n bytes into the next chunk. */
static enum outcome overflow(size_t n)
{
	struct block *b = work_pick();
	size_t usable = heap_usable_size(trial.heap, b->mem);

	look_beside(b->mem);
	if (!scribble(b->mem + b->n, usable - b->n + n))
		return UNFIT;
	return free_both(b);
}

static enum outcome overflow_8(void)
{
	return overflow(8);
}

static enum outcome overflow_32(void)
{
	return overflow(32);
}

static enum outcome underflow_8(void)
{
	struct block *b = work_pick();

	look_beside(b->mem);
	if (!scribble(b->mem - 8, 8))
		return UNFIT;
	return free_both(b);
}

/* A text's end, one byte behind its block. */
static enum outcome off_by_one(void)
{
	struct block *b = work_pick();
	unsigned char byte = (unsigned char)(below(3) != 0 ? 0 : below(256));
	enum outcome outcome;

	if (b->mem[b->n] == byte)
		return UNFIT;
	tap_diag("hit write 1 bytes of 0x%x at %p was 0x%x is 0x%x", byte,
		 (void *)(b->mem + b->n), b->mem[b->n], byte);
	b->mem[b->n] = byte;
	trial.phase = "misuse";
	trial.op = 0;
	trial.why = NULL;
	unsigned char *p = b->mem;

	b->mem = NULL;
	outcome = told_by_free(p);
	return outcome == GOING_ON ? work_to_the_end() : outcome;
}

static enum outcome write_after_free(void)
{
	struct block *b = work_pick();
	size_t usable = heap_usable_size(trial.heap, b->mem), at;
	unsigned char *p = b->mem;
	enum outcome outcome;

	if (usable < 8)
		return UNFIT;
	at = below(2) != 0 ? 0 : below((uint32_t)(usable - 8) / 4 + 1) * 4;
	outcome = work_give(b);
	if (outcome != GOING_ON)
		return outcome;
	if (!scribble(p + at, 8))
		return UNFIT;
	outcome = work_to_the_end();
	/* The debug heap's checker owes what no operation came across. */
	if (outcome == BENIGN && words_debug())
		return heap_check(trial.heap, NULL) != HEAP_OK
			       ? end(DETECT, "check")
			       : end(MISSED, "then benign");
	return outcome;
}

/* Free a chunk that was forged inside a block. */
static enum outcome forged_used(void)
{
	struct block *b = work_pick();
	size_t units = b->n / HEAP_ALIGN;

	if (units < 3)
		return UNFIT;
	units = 1 + below((uint32_t)units - 2);
	words_forge_used(b->mem + HEAP_ALIGN, units * HEAP_ALIGN);
	b->checked = sizeof(size_t);
	return pass(b->mem + HEAP_ALIGN, 0);
}

/* A list of free chunks is led to one that was forged inside a block. */
static enum outcome forged_free(void)
{
	struct block *b = work_pick();

	if (b->n < 3 * HEAP_ALIGN ||
	    !words_forge_free(trial.heap, b->mem + HEAP_ALIGN,
			      b->n - 2 * HEAP_ALIGN))
		return UNFIT;
	tap_diag("hit forge chunk at %p", (void *)b->mem);
	b->checked = sizeof(size_t);
	return work_to_the_end();
}

static enum outcome nothing(void)
{
	return work_to_the_end();
}

static const struct {
	const char *name;
	enum outcome (*run)(void);
	unsigned weight; /* a rate near 100 % takes many trials to tell */
} writes[] = {
	{"no fault", nothing, 10},
	{"overflow by 8", overflow_8, 10},
	{"overflow by 32", overflow_32, 10},
	{"underflow by 8", underflow_8, 10},
	{"off by one", off_by_one, 10},
	{"write after free", write_after_free, 10},
	{"free of a forged block", forged_used, 40},
	{"a forged free chunk", forged_free, 10},
};

#define WRITES ((unsigned)(sizeof(writes) / sizeof(writes[0])))

/* ---- by number --------------------------------------------------------------- */

static const char *const calls[] = {"free", "resize", "size"};

unsigned misuse_weight(unsigned kind)
{
	return kind < WRITES ? writes[kind].weight : 1;
}

bool misuse_name(unsigned kind, const char **call, const char **name)
{
	*call = "";
	if (kind < WRITES) {
		*name = writes[kind].name;
		return true;
	}
	kind -= WRITES;
	*name = pointers[kind % POINTERS].name;
	if (kind >= 3 * POINTERS)
		return false;
	*call = calls[kind / POINTERS];
	return true;
}

enum outcome misuse_trial(unsigned kind)
{
	enum outcome outcome = work_ops("before", OPS_BEFORE);

	if (outcome != GOING_ON)
		return outcome;
	for (unsigned i = 0; i < OFTEN; i++) {
		unsigned char *p;

		if (kind < WRITES) {
			outcome = writes[kind].run();
		} else {
			p = pointers[(kind - WRITES) % POINTERS].find();
			outcome = p != NULL
					  ? pass(p, (kind - WRITES) / POINTERS)
					  : UNFIT;
		}
		if (outcome != UNFIT)
			return outcome;
		/* The finding may have gone wrong itself. */
		if (trial.faults != 0)
			return end(DETECT, "before");
		if (work_pick() == NULL || work_ops("before", 16) != GOING_ON)
			return end(MISSED, "before");
	}
	return end(UNFIT, "none");
}
