/* SPDX-License-Identifier: MIT */
/* A region of the MPU above the break: PMSAv7, which ARMv6-M shares, or PMSAv8. */
#include "heap_cortex_m.h"
#include "heap_guard.h"

#define SPENT     ((void *)-1)

#define SCB_SHCSR (*(volatile uint32_t *)0xe000ed24u)
#define SCB_CFSR  (*(volatile uint32_t *)0xe000ed28u)
#define SCB_MMFAR (*(volatile uint32_t *)0xe000ed34u)
#define MPU_TYPE  (*(volatile uint32_t *)0xe000ed90u)
#define MPU_CTRL  (*(volatile uint32_t *)0xe000ed94u)
#define MPU_RNR   (*(volatile uint32_t *)0xe000ed98u)
#define MPU_RBAR  (*(volatile uint32_t *)0xe000ed9cu)
/* PMSAv7 calls it RASR, PMSAv8 RLAR. */
#define MPU_LAST    (*(volatile uint32_t *)0xe000eda0u)

#define MEMFAULTENA (1u << 16)
#define MMARVALID   (1u << 7)
#define MSTKERR     (1u << 4)
#define ENABLE      1u
#define PRIVDEFENA  (1u << 2)

/* The smallest region; ARMv6-M has no smaller ones. */
#if __ARM_ARCH >= 8 || __ARM_ARCH_ISA_THUMB >= 2
#define SMALLEST 32u
#else
#define SMALLEST 256u
#endif

/* All that have been set, for the handler. */
static struct heap_guard *guards;

/* What a guard is as the MPU's two registers. */
struct setting {
	uint32_t base, last;
};

static size_t granule_of(const struct heap_guard *g)
{
	return __ARM_ARCH < 8 && g->size != 0 ? g->size : SMALLEST;
}

/* Guard what can be of [from, to), which is a granule at least. */
#if __ARM_ARCH >= 8
#define READ_ONLY (2u << 1)
#define NEVER_RUN 1u

/* Privileged code may read; there is no way to let it do less. */
static struct setting cover(struct heap_guard *g, uintptr_t from, uintptr_t to)
{
	g->start = from;
	g->end = to;
	return (struct setting){from | READ_ONLY | NEVER_RUN,
				(to - SMALLEST) | ENABLE};
}
#else
#define NEVER_RUN (1u << 28)

/* One granule: a region has the size of its alignment. */
static struct setting cover(struct heap_guard *g, uintptr_t from, uintptr_t to)
{
	uint32_t log = 0;

	(void)to;
	for (size_t n = granule_of(g); n > 1; n /= 2)
		log++;
	g->start = from;
	g->end = from + granule_of(g);
	return (struct setting){from, NEVER_RUN | (log - 1) << 1 | ENABLE};
}
#endif

/* Masked, since the switches of an RTOS use the same registers. */
static void program(const struct heap_guard *g, struct setting s)
{
	uintptr_t state = heap_cortex_m_lock(NULL);

	MPU_RNR = g->number;
	MPU_LAST = 0;
	MPU_RBAR = s.base;
	MPU_LAST = s.last;
	if ((s.last & ENABLE) != 0 && (MPU_CTRL & ENABLE) == 0)
		MPU_CTRL = PRIVDEFENA | ENABLE;
	SCB_SHCSR |= MEMFAULTENA;
	__asm__ volatile("dsb\n\tisb" ::: "memory");
	heap_cortex_m_unlock(NULL, state);
}

static bool is_sound(const struct heap_guard *g)
{
	return g->number < (MPU_TYPE >> 8 & 0xff) && g->region->start != NULL &&
	       (g->size & (g->size - 1)) == 0 &&
	       (g->size == 0 || g->size >= SMALLEST);
}

bool heap_cortex_m_guard_set(struct heap_guard *g)
{
	const struct heap_region *r = g->region;
	uintptr_t brk = (uintptr_t)(r->brk != NULL ? r->brk : r->start);
	uintptr_t mask, from, to;

	g->start = 0;
	g->end = 0;
	if (!is_sound(g))
		return false;
	mask = granule_of(g) - 1;
	from = (brk + mask) & ~mask;
	to = (uintptr_t)r->end & ~mask;
	if (from < brk || from >= to) {
		program(g, (struct setting){0, 0});
		return false;
	}
	if (!g->known) {
		g->known = true;
		g->next = guards;
		guards = g;
	}
	program(g, cover(g, from, to));
	return true;
}

void *heap_cortex_m_guard_sbrk(void *ctx, ptrdiff_t increment)
{
	struct heap_guard *g = ctx;
	void *old = heap_region_sbrk(g->region, increment);

	if (old != SPENT && increment != 0)
		heap_cortex_m_guard_set(g);
	return old;
}

/* ---- a hit --------------------------------------------------------------- */

const void *heap_cortex_m_guard_hit(const struct heap_guard **guard)
{
	uintptr_t at = SCB_MMFAR;

	if ((SCB_CFSR & MMARVALID) == 0)
		return NULL;
	for (const struct heap_guard *g = guards; g != NULL; g = g->next) {
		if (at < g->start || at >= g->end)
			continue;
		*guard = g;
		return (const void *)at;
	}
	return NULL;
}

/* Does not return.  `frame` is what the processor pushed: r0-r3, r12, lr, pc. */
void heap_cortex_m_guard_told(const uint32_t *frame);

__attribute__((used)) void heap_cortex_m_guard_told(const uint32_t *frame)
{
	const struct heap_guard *guard = NULL;
	struct heap_fault fault = {
		.kind = HEAP_FAULT_GUARD,
		.mem = heap_cortex_m_guard_hit(&guard),
	};

	if (guard != NULL) {
		/* A stack that is in the guard did not get the frame. */
		if ((SCB_CFSR & MSTKERR) == 0)
			fault.caller = (const void *)(uintptr_t)frame[6];
		if (guard->port != NULL && guard->port->fault != NULL)
			guard->port->fault(guard->port->ctx, &fault);
	}
	for (;;)
		heap_cortex_m_stop(NULL, &fault);
}

/* Bit 2 of the return value in lr tells which stack has the frame. */
__attribute__((naked)) void heap_cortex_m_guard_handler(void)
{
	__asm__ volatile("movs r0, #4\n\t"
			 "mov r1, lr\n\t"
			 "tst r1, r0\n\t"
			 "bne 1f\n\t"
			 "mrs r0, msp\n\t"
			 "b 2f\n"
			 "1:\n\t"
			 "mrs r0, psp\n"
			 "2:\n\t"
			 "ldr r1, =heap_cortex_m_guard_told\n\t"
			 "bx r1\n\t"
			 ".ltorg");
}
