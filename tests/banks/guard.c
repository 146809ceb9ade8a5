/* SPDX-License-Identifier: MIT */
/*
 * The guard above the break, on a board: after each of many operations it lies
 * where it should, a write to its first and last byte is a MemManage fault at
 * that very address, and what is the heap's can be written; then the gap.
 * An argument ends the run otherwise:
 *
 *	hit     write on behind the last block: the port is told
 *	masked  the same with interrupts masked: it is a HardFault
 *	stack   the stack overflows, and the gap says so
 */
#include <stdlib.h>

#include "board.h"
#include "format.h"
#include "heap.h"
#include "heap_cortex_m.h"
#include "heap_guard.h"
#include "told.h"

#define SCB_CFSR  (*(volatile uint32_t *)0xe000ed28u)
#define SCB_MMFAR (*(volatile uint32_t *)0xe000ed34u)
#define MPU_TYPE  (*(volatile uint32_t *)0xe000ed90u)
#define MMARVALID (1u << 7)

#define SLOTS     12

size_t malloc_usable_size(void *p);

extern char __stack_limit[], __stack[];

static struct heap_guard guard = {
	.region = &heap_region_linker,
	.number = 5,
	.port = &heap_port_default,
};

static const struct heap_gap gap = {
	.region = &heap_region_linker,
	.low = __stack_limit,
	.high = __stack,
};

const struct heap_port heap_port_default = {
	.ctx = &guard,
	.sbrk = heap_cortex_m_guard_sbrk,
	.lock = heap_cortex_m_lock,
	.unlock = heap_cortex_m_unlock,
	.write = console,
	.fault = told,
};

static unsigned operations, hits;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	format_print("not ok - %s, after %u operations: break %p, guard %p to "
		     "%p\n",
		     what, operations, (void *)heap_region_linker.brk,
		     (void *)guard.start, (void *)guard.end);
	board_exit(1);
}

/* ---- probes: an access that may fault, and is then left out ------------- */

static volatile bool probing;
static volatile uintptr_t fault_at;

void probe_fault(uint32_t *frame);

__attribute__((used)) void probe_fault(uint32_t *frame)
{
	const struct heap_guard *which = NULL;
	const void *at = heap_cortex_m_guard_hit(&which);

	fault_at = (uintptr_t)at;
	must(at != NULL && which == &guard, "the fault is not the guard's");
	must(fault_at == SCB_MMFAR, "the hit is not where the fault is");
	SCB_CFSR = SCB_CFSR;
	must(heap_cortex_m_guard_hit(&which) == NULL, "the hit stays");
	/* The probes' instructions have two bytes. */
	frame[6] += 2;
}

void MemManage_Handler(void);
void HardFault_Handler(void);

#if __ARM_ARCH_ISA_THUMB >= 2
/* Probes fault on the main stack, without interrupts masked. */
__attribute__((naked)) void MemManage_Handler(void)
{
	__asm__ volatile("ldr r0, =probing\n\t"
			 "ldrb r0, [r0]\n\t"
			 "cmp r0, #0\n\t"
			 "beq 1f\n\t"
			 "mrs r0, msp\n\t"
			 "ldr r1, =probe_fault\n\t"
			 "bx r1\n"
			 "1:\n\t"
			 "ldr r0, =heap_cortex_m_guard_handler\n\t"
			 "bx r0\n\t"
			 ".ltorg");
}

__attribute__((naked)) void HardFault_Handler(void)
{
	__asm__ volatile("b heap_cortex_m_guard_handler");
}
#endif

/* Does a write to `at` fault?  What is there stays. */
static bool write_faults(uintptr_t at, char byte)
{
	fault_at = 0;
	probing = true;
	__asm__ volatile("strb %1, [%0]" ::"l"(at), "l"(byte) : "memory");
	probing = false;
	must(fault_at == 0 || fault_at == at, "the fault is elsewhere");
	hits += fault_at != 0;
	return fault_at != 0;
}

static bool may_be_written(uintptr_t at)
{
	return !write_faults(at, *(volatile char *)at);
}

/* ---- where the guard is --------------------------------------------------- */

static size_t granule(void)
{
	if (__ARM_ARCH >= 8)
		return 32;
	return guard.size != 0 ? guard.size : 32;
}

static void check_guard(void)
{
	const struct heap_region *r = &heap_region_linker;
	uintptr_t brk = (uintptr_t)r->brk, end = (uintptr_t)r->end;
	uintptr_t start = (brk + granule() - 1) & ~(granule() - 1);

	operations++;
	must(heap_check(&heap_default, NULL) == HEAP_OK, "the heap is unsound");
	for (uintptr_t at = brk - 4; at < start && at < end; at++)
		must(may_be_written(at), "what is not guarded faults");
	if (start + granule() > end) {
		must(guard.start == guard.end, "a guard where is no room");
		must(may_be_written(end - 1), "the last byte faults");
		return;
	}
	must(guard.start == start, "the guard is not above the break");
	must(guard.end - start >= granule() && guard.end <= end,
	     "the guard ends at the wrong place");
	must(write_faults(guard.start, 0), "its first byte does not fault");
	must(write_faults(guard.end - 1, 0), "its last byte does not fault");
	must(may_be_written(guard.end), "what is behind it faults");
}

/* ---- operations ------------------------------------------------------------- */

static uint32_t below(uint32_t n)
{
	static uint32_t state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

static void work(unsigned rounds, uint32_t most)
{
	char *mem[SLOTS] = {0};

	for (unsigned i = 0; i < rounds; i++) {
		unsigned slot = below(SLOTS);
		size_t n =
			mem[slot] != NULL ? malloc_usable_size(mem[slot]) : 0;

		for (size_t at = 0; at < n; at++)
			must(mem[slot][at] == (char)(slot + at),
			     "a block's contents have changed");
		free(mem[slot]);
		mem[slot] = below(4) != 0 ? malloc(below(most)) : NULL;
		n = mem[slot] != NULL ? malloc_usable_size(mem[slot]) : 0;
		for (size_t at = 0; at < n; at++)
			mem[slot][at] = (char)(slot + at);
		check_guard();
		if (below(4) != 0)
			continue;
		heap_trim(&heap_default, below(200));
		check_guard();
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		free(mem[slot]);
}

/* To the last byte, where there is no room for a guard any more. */
static void exhaust(void)
{
	struct list {
		struct list *other;
	} *list = NULL;
	size_t n = 1000000;

	while (n >= sizeof(*list)) {
		struct list *l = malloc(n);

		if (l == NULL) {
			n /= 2;
			continue;
		}
		l->other = list;
		list = l;
		check_guard();
	}
	must(guard.start == guard.end, "there is a guard in a full region");
	while (list != NULL) {
		struct list *l = list;

		list = l->other;
		free(l);
	}
	heap_trim(&heap_default, 0);
	check_guard();
}

__attribute__((noinline)) void overrun(volatile char *at);

__attribute__((noinline)) void overrun(volatile char *at)
{
	for (;;)
		*at++ = 1;
}

/* ---- the gap ----------------------------------------------------------------- */

__attribute__((noinline)) static unsigned sink(unsigned depth)
{
	volatile uint32_t frame[16];

	for (unsigned i = 0; i < 16; i++)
		frame[i] = depth + i;
	return depth == 0 ? frame[3] : sink(depth - 1) + frame[depth % 16];
}

static size_t used_by(unsigned depth)
{
	struct heap_gap_sizes sizes;

	sink(depth);
	heap_gap_measure(&gap, &sizes);
	must(sizes.heap ==
		     (size_t)(heap_region_linker.end - heap_region_linker.brk),
	     "the heap's part of the gap is wrong");
	must(sizes.used + sizes.stack == (size_t)(__stack - __stack_limit) ||
		     sizes.stack == 0,
	     "the stack's parts do not add up");
	must(sizes.gap ==
		     (size_t)(__stack - heap_region_linker.brk) - sizes.used,
	     "the gap is not between break and stack");
	return sizes.used;
}

static void check_gap(void)
{
	size_t few = used_by(0), more = used_by(12);

	must(more >= 12 * 64 && more < 2048, "the stack's use is wrong");
	must(few <= more, "the stack's use has shrunk");
	must(used_by(1) == more, "the stack's most is forgotten");
	heap_gap_report(&heap_port_default, &gap);
}

static void check_overflow(void)
{
	size_t most = used_by(36);

	must(most > (size_t)(__stack - __stack_limit), "no overflow is seen");
	must(most >= 36 * 64 && most < 8192, "the overflow's depth is wrong");
	heap_gap_report(&heap_port_default, &gap);
}

int main(void)
{
	char how = board_args()[0];
	bool has_mpu = (MPU_TYPE >> 8 & 0xff) != 0;
	char *block;

	heap_gap_paint(&gap);
	block = malloc(100);
	if (how == 's') {
		check_overflow();
		return 0;
	}
	if (!has_mpu) {
		must(!heap_cortex_m_guard_set(&guard), "a guard without MPU");
		check_gap();
		format_print("ok - this processor has no MPU\n");
		return 0;
	}
	check_guard();
	if (how == 'h' || how == 'm') {
		format_print("guard 0x%x\n", (unsigned)guard.start);
		if (how == 'm')
			heap_cortex_m_lock(NULL);
		overrun(block);
	}
	check_gap();
	guard.number = 99;
	must(!heap_cortex_m_guard_set(&guard), "a region that there is not");
	guard.number = 5;
	guard.size = 3;
	must(!heap_cortex_m_guard_set(&guard), "a size that there is not");
	guard.size = 0;
	must(heap_cortex_m_guard_set(&guard), "no guard");
	work(300, 3000);
	guard.size = 128;
	must(heap_cortex_m_guard_set(&guard), "no guard of 128");
	work(100, 3000);
	guard.size = 0;
	free(block);
	exhaust();
	format_print("ok - %u operations, %u hits\n", operations, hits);
	return 0;
}
