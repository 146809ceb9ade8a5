/* SPDX-License-Identifier: MIT */
/*
 * For each scene: a one-shot SysTick interrupt after k = 1, 2, 3 ... ticks of
 * its operation, until it comes too late.  A tick is less than an instruction,
 * so that every one that can be interrupted is.  The interrupt frees a block,
 * frees it again, which must be told, and allocates; afterwards all blocks have
 * their contents, and the heap is sound and, all blocks freed, empty.
 *
 * LOCK=mutex: a lock that knows nothing of interrupts, which use what is
 * pending.  LOCK=primask: the mask, and interrupts call the heap as threads do.
 * STEP=n: each n-th k.  TRACE=1: each operation once, without an interrupt.
 */
#include "every.h"

#include <stdlib.h>

#include "board.h"
#include "format.h"
#include "heap_banks.h"
#include "heap_cortex_m.h"
#include "tap_io.h"

#define SYST_CSR  (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR  (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR  (*(volatile uint32_t *)0xe000e018u)
#define SCB_ICSR  (*(volatile uint32_t *)0xe000ed04u)

#define SYST_RUN  7u
#define PENDSTCLR (1u << 25)
#define FRAME_PC  6
#define TAKEN     6 /* the block that the interrupt allocates */
#define OTHERS    20

/* Bytes: of the first segment with the control block, and of all there is. */
#define FIRST 1024
#define ARENA 4096
#define BANK  1576 /* of two banks the first */

/* Of the code, for which there is a bit for each halfword. */
#define CODE 32768
extern char __etext[];

struct block blocks[BLOCKS];
struct heap *heap;
bool every_gap, every_banks, every_late;

static uint64_t arena[ARENA / sizeof(uint64_t)];
static struct heap_region region;
static struct heap_bank table[2];
static struct heap_banks banks;
static volatile uintptr_t reserve[1];
static struct heap_pending pending;
static unsigned char hits[CODE / 16];

static const struct scene *scene;
static void *victim_mem; /* where the scene's victim was */
static uint32_t ticks;
static volatile bool fired, in_operation;
static volatile unsigned told, told_late;
static volatile bool locked;

_Noreturn static void fail(const char *what)
{
	__asm__ volatile("cpsid i" ::: "memory");
	format_print("not ok - %s, k = %u: %s\n", scene ? scene->name : "main",
		     (unsigned)ticks, what);
	board_exit(1);
}

static void expect(bool holds, const char *what)
{
	if (!holds)
		fail(what);
}

/* ---- the port -------------------------------------------------------------- */

static void *get_more(void *ctx, ptrdiff_t increment)
{
	if (every_banks)
		return heap_banks_sbrk(&banks, increment);
	if (every_gap && increment > 0)
		heap_region_sbrk(ctx, 64);
	every_gap = false;
	return heap_region_sbrk(ctx, increment);
}

static void count_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	if (fault->kind != HEAP_FAULT_NOT_USED)
		fail(heap_fault_text(fault->kind));
	if (heap_cortex_m_in_isr(NULL))
		told_late++;
	else
		told++;
}

/* A mutex excludes no interrupt. */
static uintptr_t mutex_lock(void *ctx)
{
	(void)ctx;
	expect(!locked, "the lock is taken twice");
	locked = true;
	return 1;
}

static void mutex_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	expect(locked && state == 1, "the lock is given twice");
	locked = false;
}

static bool in_isr(void *ctx)
{
	return every_late || heap_cortex_m_in_isr(ctx);
}

static const struct heap_port mutex_port = {
	.ctx = &region,
	.sbrk = get_more,
	.lock = mutex_lock,
	.unlock = mutex_unlock,
	.in_isr = in_isr,
	.pending = &pending,
	.fault = count_fault,
};

static const struct heap_port primask_port = {
	.ctx = &region,
	.sbrk = get_more,
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.in_isr = heap_cortex_m_in_nmi,
	.fault = count_fault,
};

static const struct heap_port *port;

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

/* ---- the interrupt ----------------------------------------------------------- */

void SysTick_Handler(void);
void every_interrupt(const uint32_t *frame);

__attribute__((naked)) void SysTick_Handler(void)
{
	__asm__ volatile("mrs r0, msp\n\t"
			 "ldr r1, =every_interrupt\n\t"
			 "bx r1\n\t"
			 ".ltorg");
}

static void note(uint32_t pc)
{
	uint32_t halfword =
		(pc - ((uint32_t)(uintptr_t)__etext & 0xf0000000u)) >> 1;

	if (halfword / 8 < sizeof(hits))
		hits[halfword / 8] |= (unsigned char)(1u << halfword % 8);
}

__attribute__((used)) void every_interrupt(const uint32_t *frame)
{
	struct block *victim = &blocks[scene->victim], *taken = &blocks[TAKEN];
	void *p = victim_mem;
	bool filled;

	SYST_CSR = 0;
	/* It may have run out twice before it was stopped. */
	if (!in_operation || fired)
		return;
	fired = true;
	note(frame[FRAME_PC]);
	heap_free(heap, p);
	/* Which of the two is the second, the heap has to find out. */
	if (scene->kind == SAME)
		return;
	if (scene->kind == PENDING) {
		expect(told_late == 1, "a free of a pending block is not told");
		return;
	}
	expect(told_late == 0, "a block in use is called free");
	heap_free(heap, p);
	expect(told_late == 1, "a second free is not told");
	victim->mem = NULL;
	filled = port->pending == NULL || reserve[0] != 0;
	taken->mem = heap_alloc(heap, 16);
	expect((taken->mem != NULL) == filled, "nothing for the interrupt");
	taken->n = filled ? 16 : 0;
	for (size_t i = 0; i < taken->n; i++)
		taken->mem[i] = TAKEN + 1;
}

/* ---- the sweep --------------------------------------------------------------- */

static void set_up(void)
{
	char *start = (char *)arena;

	for (unsigned i = 0; i < BLOCKS; i++)
		blocks[i] = (struct block){0};
	reserve[0] = 0;
	pending = (struct heap_pending){
		.calls = &heap_pending_calls,
		.swap = heap_swap,
		.reserve = reserve,
		.slots = 1,
		.bytes = 16,
	};
	region = (struct heap_region){
		.start = start + FIRST,
		.end = start + ARENA,
	};
	table[0].region = (struct heap_region){
		.start = region.start,
		.end = region.start + BANK,
	};
	table[1].region = (struct heap_region){
		.start = region.start + BANK + 64,
		.end = region.end,
	};
	every_gap = every_banks = false;
	told = told_late = 0;
	fired = false;
	heap = heap_create(arena, FIRST, port);
	expect(heap != NULL, "no heap");
	banks = (struct heap_banks){.bank = table, .count = 2, .heap = heap};
	scene->prepare();
}

/*
 * What a trace is cut by: their own instructions are not part of it.  Made
 * different, or the compiler makes one of them.
 */
__attribute__((noinline)) static void mark_begin(void)
{
	__asm__ volatile("nop" ::: "memory");
}

__attribute__((noinline)) static void mark_end(void)
{
	__asm__ volatile("nop\n\tnop" ::: "memory");
}

static void interrupted(void)
{
	in_operation = true;
	SYST_RVR = ticks;
	SYST_CVR = 0;
	SYST_CSR = ticks != 0 ? SYST_RUN : 0;
	mark_begin();
	scene->operate();
	mark_end();
	in_operation = false;
	SYST_CSR = 0;
	SCB_ICSR = PENDSTCLR;
}

static void verify(void)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		for (size_t j = 0; blocks[i].mem != NULL && j < blocks[i].n;
		     j++)
			expect(blocks[i].mem[j] == i + 1,
			       "a block's contents have changed");
	if (scene->kind == SAME)
		expect(told + told_late == fired, "two frees, not one told");
	else
		expect(told == 0, "a fault in the operation");
}

/* Of the victim that is still pending a thread is told, too. */
static void free_again(void)
{
	if (scene->kind != IN_USE || !fired || pending.list == 0)
		return;
	heap_free(heap, victim_mem);
	expect(told == 1, "a pending block is freed by a thread");
}

static void tear_down(void)
{
	struct heap_stats stats;
	unsigned before = told;

	for (unsigned i = 0; i < BLOCKS; i++)
		heap_free(heap, blocks[i].mem);
	expect(told == before, "a block in use cannot be freed");
	for (unsigned i = 0; i < BLOCKS; i++)
		heap_free(heap, heap_alloc(heap, 8));
	expect(heap_check(heap, NULL) == HEAP_OK, "the heap is not sound");
	heap_stats(heap, &stats);
	expect(!every_banks || stats.segments == 2, "not two banks are used");
	expect(stats.used_chunks == (reserve[0] != 0), "blocks are left");
}

/* One k; false when the interrupt came too late. */
static bool once(void)
{
	set_up();
	victim_mem = blocks[scene->victim].mem != NULL
			     ? blocks[scene->victim].mem
			     : blocks[scene->victim].was;
	interrupted();
	verify();
	free_again();
	tear_down();
	return fired;
}

static void print_hits(unsigned runs)
{
	unsigned on_line = 0;

	format_print("scene %s %u", scene->name, runs);
	for (size_t i = 0; i < 8 * sizeof(hits); i++) {
		if ((hits[i / 8] >> i % 8 & 1) == 0)
			continue;
		if (on_line++ % 12 == 0)
			format_print("\nhit");
		format_print(" %x", (unsigned)(2 * i));
	}
	format_print("\n");
	for (size_t i = 0; i < sizeof(hits); i++)
		hits[i] = 0;
}

/* Until the interrupt came too late for some k running. */
static void sweep(uint32_t step)
{
	unsigned runs = 0;

	ticks = 1;
	for (unsigned late = 0; late < OTHERS; ticks += step) {
		late = once() ? 0 : late + 1;
		runs++;
	}
	print_hits(runs);
}

/* ---- arguments ------------------------------------------------------------- */

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

int main(void)
{
	const char *lock = argument("LOCK"), *step = argument("STEP");

	port = lock != NULL && *lock == 'p' ? &primask_port : &mutex_port;
	expect((uintptr_t)__etext % 0x10000000u <= CODE, "CODE is too small");
	for (unsigned i = 0; i < scenes_count; i++) {
		scene = &scenes[i];
		if (argument("TRACE") != NULL) {
			ticks = 0;
			once();
		} else {
			sweep(step != NULL ? (uint32_t)strtoul(step, NULL, 0)
					   : 1);
		}
	}
	format_print("ok\n");
	return 0;
}
