/* SPDX-License-Identifier: MIT */
/*
 * The work of a program that does nothing wrong, and a model of what it has.
 * Whatever the heap answers is held against the model at once.
 */
#include "campaign.h"

/* ---- what blocks hold -------------------------------------------------- */

static size_t filling(size_t key, size_t i)
{
	return (key + i) * (size_t)0x9e3779b97f4a7c15u;
}

/* Byte i of what b is filled with. */
static unsigned char byte_of(const struct block *b, size_t i)
{
	size_t w = i / sizeof(w), shift = i % sizeof(w) * 8;

	return (unsigned char)(w < b->n / sizeof(w)
				       ? filling(b->key, w) >> shift
				       : filling(b->key, i));
}

static void fill(const struct block *b)
{
	size_t *w = (size_t *)(void *)b->mem, n = b->n / sizeof(*w);

	for (size_t i = 0; i < n; i++)
		w[i] = filling(b->key, i);
	for (size_t i = n * sizeof(*w); i < b->n; i++)
		b->mem[i] = byte_of(b, i);
}

/* Does mem hold the first n bytes of what b is filled with? */
static bool holds(const unsigned char *mem, size_t n, const struct block *b)
{
	const size_t *w = (const size_t *)(const void *)mem;
	size_t words = n / sizeof(*w);

	for (size_t i = 0; i < words; i++)
		if (w[i] != filling(b->key, i))
			return false;
	for (size_t i = words * sizeof(*w); i < n; i++)
		if (mem[i] != byte_of(b, i))
			return false;
	return true;
}

void work_refill(void)
{
	for (struct block *b = trial.block; b < trial.block + BLOCKS; b++)
		if (b->mem != NULL) {
			b->checked = b->n;
			fill(b);
		}
}

enum outcome work_verify(void)
{
	for (const struct block *b = trial.block; b < trial.block + BLOCKS; b++)
		if (b->mem != NULL && !holds(b->mem, b->checked, b))
			return end(SILENT, "content");
	return GOING_ON;
}

static enum outcome verify_all(void)
{
	if (!arena_is_untouched())
		return end(SILENT, "outside");
	return work_verify();
}

/* ---- calls ---------------------------------------------------------------- */

static const char *const call_name[] = {"-",      "alloc", "zalloc", "aligned",
					"resize", "free",  "size",   "check"};

static void calling(enum call call, const void *mem, size_t n)
{
	trial.op++;
	trial.call = call;
	trial.mem = mem;
	trial.why = NULL;
	trial.locks = 0;
	if (trial.verbose)
		tap_diag("  %s %u: %s %p %zu", trial.phase, trial.op,
			 call_name[call], mem, n);
}

/* What there is to say behind every call. */
static enum outcome called(void)
{
	enum outcome broken;

	if (trial.verbose && trial.faults != 0)
		tap_diag("    fault %d I%d chunk %p mem %p", trial.fault.kind,
			 trial.fault.invariant, trial.fault.chunk,
			 trial.fault.mem);
	if (trial.why != NULL || trial.locked)
		return end(HANG, "lock");
	if (trial.locking && trial.locks == 0 && trial.faults == 0)
		return end(SILENT, "unlocked");
	/* Being told is no good when harm has been done. */
	broken = work_verify();
	if (broken != GOING_ON)
		return broken;
	return trial.faults != 0 ? end(DETECT, "fault") : GOING_ON;
}

/* The heap says that b's n bytes lie at mem. */
static enum outcome accept(struct block *b, void *mem, size_t n)
{
	uintptr_t at = (uintptr_t)mem;

	if (trial.verbose)
		tap_diag("    -> %p", mem);
	if (at % HEAP_ALIGN != 0)
		return end(SILENT, "misaligned");
	if (!arena_gave(mem, n))
		return end(SILENT, "outside");
	for (const struct block *o = trial.block; o < trial.block + BLOCKS; o++)
		if (o != b && o->mem != NULL && at < (uintptr_t)o->mem + o->n &&
		    (uintptr_t)o->mem < at + n)
			return end(SILENT, "overlap");
	b->mem = mem;
	b->n = b->checked = n;
	b->key = ++trial.keys * 4096;
	fill(b);
	return GOING_ON;
}

static bool is_zero(const unsigned char *mem, size_t n)
{
	while (n-- != 0)
		if (mem[n] != 0)
			return false;
	return true;
}

static enum outcome take(struct block *b, size_t n)
{
	unsigned how = below(32);
	size_t align = HEAP_ALIGN;
	enum outcome outcome;
	void *mem;

	if (how == 0) {
		align = (size_t)32 << below(3);
		calling(CALL_ALIGNED, NULL, n);
		mem = heap_alloc_aligned(trial.heap, align, n);
	} else if (how < 3) {
		calling(CALL_ZALLOC, NULL, n);
		mem = heap_zalloc(trial.heap, n);
	} else {
		calling(CALL_ALLOC, NULL, n);
		mem = heap_alloc(trial.heap, n);
	}
	if (mem != NULL) {
		bool zero = how == 0 || how >= 3 || !arena_gave(mem, n) ||
			    is_zero(mem, n);

		outcome = accept(b, mem, n);
		if (outcome != GOING_ON)
			return outcome;
		if ((uintptr_t)mem % align != 0)
			return end(SILENT, "misaligned");
		if (!zero)
			return end(SILENT, "not zero");
	}
	outcome = called();
	if (outcome == GOING_ON && mem == NULL)
		return end(DEGRADE, "refused");
	return outcome;
}

static enum outcome resize(struct block *b, size_t n)
{
	struct block was = *b;
	size_t kept = n < was.checked ? n : was.checked;
	enum outcome outcome;
	void *mem;

	calling(CALL_RESIZE, was.mem, n);
	mem = heap_resize(trial.heap, was.mem, n);
	if (mem != NULL) {
		if (arena_gave(mem, n) && (uintptr_t)mem % HEAP_ALIGN == 0 &&
		    !holds(mem, kept, &was))
			return end(SILENT, "content");
		outcome = accept(b, mem, n);
		if (outcome != GOING_ON)
			return outcome;
	}
	outcome = called();
	if (outcome == GOING_ON && mem == NULL)
		return end(DEGRADE, "refused");
	return outcome;
}

enum outcome work_give(struct block *b)
{
	void *mem = b->mem;

	if (!holds(b->mem, b->checked, b))
		return end(SILENT, "content");
	calling(CALL_FREE, mem, b->n);
	b->mem = NULL;
	heap_free(trial.heap, mem);
	return called();
}

/* ---- random work ------------------------------------------------------------ */

/* Mostly up to 96 bytes. */
static size_t some_size(void)
{
	return below(16) != 0 ? 1 + below(96) : 1 + below(1024);
}

struct block *work_pick(void)
{
	unsigned first = below(BLOCKS);

	for (unsigned i = 0; i < BLOCKS; i++) {
		struct block *b = &trial.block[(first + i) % BLOCKS];

		if (b->mem != NULL)
			return b;
	}
	return NULL;
}

struct block *work_take(size_t n)
{
	for (struct block *b = trial.block; b < trial.block + BLOCKS; b++)
		if (b->mem == NULL)
			return take(b, n) == GOING_ON ? b : NULL;
	return NULL;
}

struct block *work_block_around(const void *mem)
{
	uintptr_t at = (uintptr_t)mem;

	for (struct block *b = trial.block; b < trial.block + BLOCKS; b++)
		if (b->mem != NULL && at >= (uintptr_t)b->mem &&
		    at - (uintptr_t)b->mem < b->n)
			return b;
	return NULL;
}

struct block *work_block_at(const void *mem)
{
	struct block *b = work_block_around(mem);

	return b != NULL && b->mem == mem ? b : NULL;
}

enum outcome work_op(void)
{
	struct block *b;

	if (below(4) == 0 && (b = work_pick()) != NULL)
		return resize(b, some_size());
	b = &trial.block[below(BLOCKS)];
	return b->mem == NULL ? take(b, some_size()) : work_give(b);
}

enum outcome work_ops(const char *phase, unsigned ops)
{
	enum outcome outcome;

	trial.phase = phase;
	trial.op = 0;
	for (unsigned i = 0; i < ops; i++) {
		outcome = work_op();
		/* All that is outside is much: not always. */
		if (outcome == GOING_ON && i % 16 == 15)
			outcome = verify_all();
		if (outcome != GOING_ON)
			return outcome;
	}
	return verify_all();
}

enum outcome work_drain(void)
{
	enum outcome outcome;
	struct block *b;

	trial.phase = "drain";
	trial.op = 0;
	while ((b = work_pick()) != NULL) {
		outcome = work_give(b);
		if (outcome != GOING_ON)
			return outcome;
	}
	return verify_all();
}

enum outcome work_largest(void)
{
	trial.phase = "largest";
	trial.op = 0;
	for (unsigned i = 0; i < PARTS; i++) {
		struct block *b = &trial.block[i];
		enum outcome outcome;

		calling(CALL_ALLOC, NULL, arena_largest[i]);
		b->mem = NULL;
		void *mem = heap_alloc(trial.heap, arena_largest[i]);

		outcome = mem != NULL ? accept(b, mem, arena_largest[i])
				      : GOING_ON;
		if (outcome == GOING_ON)
			outcome = called();
		if (outcome != GOING_ON)
			return outcome;
		if (mem == NULL)
			return end(DEGRADE, "lost");
	}
	return verify_all();
}

enum outcome work_to_the_end(void)
{
	enum outcome outcome = work_ops("run", OPS_AFTER);

	if (outcome == GOING_ON)
		outcome = work_drain();
	if (outcome == GOING_ON)
		outcome = work_largest();
	if (outcome != GOING_ON)
		return outcome;
	calling(CALL_CHECK, NULL, 0);
	return end(BENIGN, heap_check(trial.heap, NULL) == HEAP_OK ? "sound"
								   : "latent");
}

/*
 * The port was told and has returned: the program goes on, whatever it is told
 * again.  Blocks that could not be freed are lost, and requests may fail.
 */
void work_after_detection(unsigned ops)
{
	trial.told = true;
	trial.phase = "after";
	trial.op = 0;
	for (unsigned i = 0; i < ops; i++) {
		enum outcome outcome;

		trial.faults = 0;
		outcome = work_op();
		if (outcome == GOING_ON && i % 16 == 15)
			outcome = verify_all();
		if (outcome != GOING_ON && outcome != DETECT &&
		    outcome != DEGRADE) {
			campaign_end(outcome, trial.why, trial.mem, NULL);
			return;
		}
	}
}
