/* SPDX-License-Identifier: MIT */
/*
 * Preempted threads share malloc, under the lock that LOCK= names, for OPS=
 * operations in all; 0 when every block kept its contents, and the heap is
 * sound and empty at the end.
 */
#include <stdlib.h>

#include "board.h"
#include "format.h"
#include "heap.h"
#include "heap_cortex_m.h"
#include "heap_lock.h"
#include "sched.h"
#include "tap_io.h"

#define SLOTS  10
#define LENGTH 120

/* The stack of board.mk's smallest part has no room for a larger record. */
struct block {
	uint32_t *mem;
	uint32_t words;
	uint32_t value;
};

static struct block blocks[SCHED_THREADS][SLOTS];
static volatile bool done[SCHED_THREADS];
static volatile uint32_t operations, refused;
static uint32_t share = 1000;

_Noreturn static void fail(const char *what)
{
	__asm__ volatile("cpsid i" ::: "memory");
	format_print("not ok - %s, after %u operations\n", what,
		     (unsigned)operations);
	board_exit(1);
}

/* ---- the locks --------------------------------------------------------- */

static volatile bool held;

/* A mutex in which threads wait by yielding. */
static void mutex_take(void *mutex)
{
	for (;;) {
		uintptr_t state = heap_cortex_m_lock(mutex);
		bool mine = !held;

		held = true;
		heap_cortex_m_unlock(mutex, state);
		if (mine)
			break;
		sched_yield();
	}
	sched_in_heap = true;
}

static void mutex_give(void *mutex)
{
	(void)mutex;
	sched_in_heap = false;
	held = false;
}

static enum heap_context mutex_context(void)
{
	if (heap_cortex_m_in_isr(NULL))
		return HEAP_CONTEXT_NO_WAIT;
	return sched_is_running() ? HEAP_CONTEXT_THREAD : HEAP_CONTEXT_ALONE;
}

static struct heap_mutex mutex = {
	.take = mutex_take,
	.give = mutex_give,
	.context = mutex_context,
};

static uintptr_t no_lock(void *ctx)
{
	(void)ctx;
	return 0;
}

static void no_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
}

static const struct {
	const char *name;
	struct heap_locker locker;
} locks[] = {
	{"primask",
	 {.lock = heap_cortex_m_lock,
	  .unlock = heap_cortex_m_unlock,
	  .in_isr = heap_cortex_m_in_nmi}},
#if __ARM_ARCH_ISA_THUMB >= 2
	{"basepri",
	 {.lock = heap_cortex_m_basepri_lock,
	  .unlock = heap_cortex_m_basepri_unlock,
	  .in_isr = heap_cortex_m_above_basepri}},
	{"spin",
	 {.lock = heap_cortex_m_spin_lock,
	  .unlock = heap_cortex_m_spin_unlock,
	  .in_isr = heap_cortex_m_in_nmi}},
#endif
	{"mutex",
	 {.ctx = &mutex,
	  .lock = heap_mutex_lock,
	  .unlock = heap_mutex_unlock,
	  .in_isr = heap_mutex_in_isr}},
	{"none", {.lock = no_lock, .unlock = no_unlock}},
};

#if __ARM_ARCH_ISA_THUMB >= 2
const uint8_t heap_cortex_m_basepri = 0x40;
#endif

static void told(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	__asm__ volatile("cpsid i" ::: "memory");
	heap_port_report(&heap_port_default, fault);
	fail("the heap reports a fault");
}

static void console(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	board_write(bytes, n);
}

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = heap_locker_lock,
	.unlock = heap_locker_unlock,
	.in_isr = heap_locker_in_isr,
	.write = console,
	.fault = told,
};

/* ---- the threads ------------------------------------------------------- */

static uint32_t below(uint32_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (*state >> 8) * n >> 24;
}

static void fill(struct block *b, uint32_t from)
{
	for (uint32_t i = from; i < b->words; i++)
		b->mem[i] = b->value + i;
}

static void verify(const struct block *b, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		if (b->mem[i] != b->value + i)
			fail("a block's contents have changed");
}

static void allocate(struct block *b, uint32_t words, uint32_t *state)
{
	size_t n = words * sizeof(uint32_t);

	b->mem = below(state, 16) == 0 ? aligned_alloc(32, n) : malloc(n);
	if (b->mem == NULL) {
		refused++;
		return;
	}
	b->words = words;
	b->value = below(state, 1u << 24);
	fill(b, 0);
}

static void resize(struct block *b, uint32_t words)
{
	uint32_t *mem = realloc(b->mem, words * sizeof(uint32_t));
	uint32_t kept = words < b->words ? words : b->words;

	if (mem == NULL) {
		refused++;
		return;
	}
	b->mem = mem;
	verify(b, kept);
	b->words = words;
	fill(b, kept);
}

static void release(struct block *b)
{
	verify(b, b->words);
	free(b->mem);
	b->mem = NULL;
}

_Noreturn static void finish(void)
{
	struct heap_stats stats;

	for (unsigned i = 0; i < SCHED_THREADS; i++)
		while (!done[i])
			sched_yield();
	sched_stop();
	if (heap_check(&heap_default, NULL) != HEAP_OK)
		fail("the heap is not sound");
	heap_stats(&heap_default, &stats);
	if (stats.used_chunks != 0)
		fail("blocks are left");
	format_print("ok - %u operations, %u refused, %u preemptions, %u "
		     "inside the heap\n",
		     (unsigned)(share * SCHED_THREADS), (unsigned)refused,
		     (unsigned)sched_preemptions, (unsigned)sched_inside);
	board_exit(0);
}

static void body(unsigned number)
{
	uint32_t state = 0x9e3779b9u * (number + 1);

	for (uint32_t i = 0; i < share; i++) {
		struct block *b = &blocks[number][below(&state, SLOTS)];
		uint32_t words = 1 + below(&state, LENGTH / sizeof(uint32_t));

		if (b->mem == NULL)
			allocate(b, words, &state);
		else if (below(&state, 2) == 0)
			resize(b, words);
		else
			release(b);
		operations++;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		if (blocks[number][i].mem != NULL)
			release(&blocks[number][i]);
	done[number] = true;
	if (number == 0)
		finish();
	for (;;)
		sched_yield();
}

/* ---- arguments --------------------------------------------------------- */

/* What stands behind "NAME=" among the arguments, or NULL. */
static const char *argument(const char *name)
{
	for (const char *word = board_args(); *word != '\0'; word++) {
		const char *n = name, *w = word;

		while (*n != '\0' && *n == *w) {
			n++;
			w++;
		}
		if (*n == '\0' && *w == '=')
			return w + 1;
	}
	return NULL;
}

static bool starts_with(const char *text, const char *word)
{
	while (*word != '\0')
		if (*text++ != *word++)
			return false;
	return *text == ' ' || *text == '\0';
}

int main(void)
{
	const char *ops = argument("OPS"), *lock = argument("LOCK");

	if (ops != NULL)
		share = ((uint32_t)strtoul(ops, NULL, 0) + SCHED_THREADS - 1) /
			SCHED_THREADS;
	for (size_t i = 0; lock != NULL && i < sizeof(locks) / sizeof(*locks);
	     i++) {
		if (!starts_with(lock, locks[i].name))
			continue;
		/* The first locker is in use until now: it must agree. */
		free(malloc(1));
		heap_set_locker(&locks[i].locker);
		sched_start(body, 0x2545f491);
	}
	fail("LOCK= names no lock of this board");
}
