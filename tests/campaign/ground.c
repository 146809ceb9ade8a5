/* SPDX-License-Identifier: MIT */
/*
 * The arena:
 *
 *   | guard | part 0 | hole | part 1 | hole | part 2 . . . . . . . . | guard |
 *
 * Parts 0 and 1 belong to the heap from the beginning, as two segments; part 2
 * is dealt out by sbrk when the work needs it.  All that the heap has not been
 * given holds a pattern.
 */
#include "campaign.h"

struct trial trial;
size_t arena_largest[PARTS];

#define HOLE  ((size_t)64)
#define SMALL (512 * sizeof(size_t))

static struct part {
	unsigned char *start;
	unsigned char *end;
	unsigned char *brk;
} parts[PARTS];

static unsigned dealing; /* sbrk deals out of this part */
static uint32_t salt;    /* of the pattern              */

/* ---- the port ----------------------------------------------------------- */

static void *deal(void *ctx, ptrdiff_t increment)
{
	struct part *part = &parts[dealing];
	unsigned char *old = part->brk;

	(void)ctx;
	if (increment < 0 ? (size_t)0 - (size_t)increment >
				    (size_t)(old - part->start)
			  : (size_t)increment > (size_t)(part->end - old))
		return (void *)-1;
	part->brk += increment;
	return old;
}

/* A lock that is taken twice would never be given. */
static uintptr_t lock(void *ctx)
{
	(void)ctx;
	if (trial.locked && trial.why == NULL)
		trial.why = "lock";
	trial.locked = true;
	trial.locks++;
	return 0;
}

static void unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
	if (!trial.locked && trial.why == NULL)
		trial.why = "lock";
	trial.locked = false;
}

static bool in_isr(void *ctx)
{
	(void)ctx;
	return false;
}

static uintptr_t seed(void *ctx)
{
	(void)ctx;
	return (uintptr_t)(salt * (uint64_t)0x9e3779b97f4a7c15u);
}

static void fault(void *ctx, const struct heap_fault *f)
{
	(void)ctx;
	if (trial.locked && trial.why == NULL)
		trial.why = "lock";
	if (trial.faults++ == 0)
		trial.fault = *f;
}

/* Of a single task, and with a lock. */
static const struct heap_port plain = {
	.sbrk = deal,
	.seed = seed,
	.fault = fault,
};
static const struct heap_port locking = {
	.sbrk = deal,
	.lock = lock,
	.unlock = unlock,
	.in_isr = in_isr,
	.seed = seed,
	.fault = fault,
};

/* ---- the pattern -------------------------------------------------------- */

static uint32_t pattern(const uint32_t *at)
{
	return ((uint32_t)(uintptr_t)at ^ salt) * 0x9e3779b1u;
}

static void paint(unsigned char *from, const unsigned char *to)
{
	for (uint32_t *w = (uint32_t *)(void *)from; (unsigned char *)w < to;
	     w++)
		*w = pattern(w);
}

static bool is_painted(const unsigned char *from, const unsigned char *to)
{
	/* The break may stand anywhere. */
	const uint32_t *w =
		(const uint32_t *)(((uintptr_t)from + 3) & ~(uintptr_t)3);

	for (; (const unsigned char *)w < to; w++)
		if (*w != pattern(w))
			return false;
	return true;
}

/* ---- what others ask ------------------------------------------------------ */

void arena_start(uint32_t seed_of_trial)
{
	unsigned char *memory = place_memory(), *at;
	const void *held = NULL;
	void **link;

	trial = (struct trial){
		.arena = memory + GUARD_BYTES,
		.rand = seed_of_trial,
		.verbose = trial.verbose,
		.phase = "start",
	};
	salt = tap_rand(&trial.rand);
	paint(memory, memory + MEMORY_BYTES);
	at = trial.arena;
	parts[0] = (struct part){at, at + SMALL, at + SMALL};
	at += SMALL + HOLE;
	parts[1] = (struct part){at, at + SMALL, at};
	at += SMALL + HOLE;
	parts[2] = (struct part){at, trial.arena + ARENA_BYTES, at};
	dealing = 1;
	trial.locking = below(2) == 0;
	trial.heap = heap_create(parts[0].start, SMALL,
				 trial.locking ? &locking : &plain);

	/* Let it take all of part 1, and have it free again. */
	for (size_t n = SMALL; n >= sizeof(void *); n /= 2)
		while ((link = heap_alloc(trial.heap, n)) != NULL) {
			*link = (void *)(uintptr_t)held;
			held = link;
		}
	while (held != NULL) {
		void *next = *(void *const *)held;

		heap_free(trial.heap, (void *)(uintptr_t)held);
		held = next;
	}
	dealing = 2;
}

bool arena_gave(const void *p, size_t n)
{
	uintptr_t at = (uintptr_t)p;
	size_t control = words_control();

	for (unsigned i = 0; i < PARTS; i++) {
		uintptr_t start =
			(uintptr_t)parts[i].start + (i == 0 ? control : 0);
		uintptr_t brk = (uintptr_t)parts[i].brk;

		if (at >= start && at <= brk && n <= brk - at)
			return true;
	}
	return false;
}

bool arena_is_untouched(void)
{
	const unsigned char *memory = trial.arena - GUARD_BYTES;

	return is_painted(memory, trial.arena) &&
	       is_painted(parts[0].end, parts[1].start) &&
	       is_painted(parts[1].brk, parts[2].start) &&
	       is_painted(parts[2].brk, memory + MEMORY_BYTES);
}

unsigned char *arena_hole(void)
{
	return parts[0].end + HOLE / 2;
}

unsigned char *arena_beyond(void)
{
	return (unsigned char *)(((uintptr_t)parts[2].brk + 1024) &
				 ~(uintptr_t)63);
}

uint32_t arena_sum(void)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < PARTS; i++) {
		const unsigned char *at =
			parts[i].start + (i == 0 ? words_control() : 0);

		for (; at + 4 <= parts[i].brk; at += 4)
			sum = (sum << 5 | sum >> 27) ^
			      *(const uint32_t *)(const void *)at;
	}
	return sum;
}

/* The most that one block can have now; it is freed again. */
static size_t most(void)
{
	size_t low = 0;

	for (size_t step = ARENA_BYTES / 2; step != 0; step /= 2) {
		void *p = heap_alloc(trial.heap, low + step);

		if (p == NULL)
			continue;
		heap_free(trial.heap, p);
		low += step;
	}
	return low;
}

void arena_measure(void)
{
	arena_start(1);
	for (unsigned i = 0; i < PARTS; i++) {
		arena_largest[i] = most();
		heap_alloc(trial.heap, arena_largest[i]);
	}
}
