/* SPDX-License-Identifier: MIT */
/*
 * Instructions from QEMU's virtual time.  With -icount shift=10 every guest
 * instruction takes 1024 ns, so the CMSDK timer at 25 MHz advances by 25.6
 * ticks an instruction.
 */
#include "bench.h"

#define TIMER_CTRL   (*(volatile uint32_t *)0x40000000u)
#define TIMER_VALUE  (*(volatile uint32_t *)0x40000004u)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008u)

/* What lies between the two reads besides the callee; see probe.S. */
#define EMPTY_CALL 3u

uint32_t bench_ticks(void)
{
	return TIMER_VALUE;
}

uint32_t bench_instructions(uint32_t ticks)
{
	/* Rounded; above that the product would wrap. */
	if (ticks > UINT32_MAX / 10u - 128u)
		bench_fail("a call took more than 16 million instructions");
	return (ticks * 10u + 128u) >> 8;
}

uint32_t bench_count(void (*fn)(void), uintptr_t a, uintptr_t b,
		     uintptr_t *result)
{
	return bench_instructions(bench_probe(fn, a, b, result)) - EMPTY_CALL;
}

uint32_t bench_malloc(size_t n, void **p)
{
	uintptr_t result;
	uint32_t took = bench_count((void (*)(void))bench_allocator.malloc, n,
				    0, &result);

	*p = (void *)result;
	return took;
}

uint32_t bench_free(void *p)
{
	uintptr_t result;

	return bench_count((void (*)(void))bench_allocator.free, (uintptr_t)p,
			   0, &result);
}

uint32_t bench_realloc(void **p, size_t n)
{
	uintptr_t result;
	uint32_t took = bench_count((void (*)(void))bench_allocator.realloc,
				    (uintptr_t)*p, n, &result);

	*p = (void *)result;
	return took;
}

void bench_timer_start(void)
{
	uintptr_t result;

	TIMER_RELOAD = UINT32_MAX;
	TIMER_VALUE = UINT32_MAX;
	TIMER_CTRL = 1;
	/* The first read after the start may still show the old value. */
	(void)bench_ticks();
	if (bench_count(bench_nops_10, 0, 0, &result) != 10 ||
	    bench_count(bench_nops_1000, 0, 0, &result) != 1000 ||
	    bench_count(bench_loop_100, 0, 0, &result) != 201)
		bench_fail("the timer does not count instructions: 10 nops "
			   "must take 10, 1000 nops 1000, a loop of 100 "
			   "201. Run QEMU's mps2-an385 with -icount "
			   "shift=10,align=off,sleep=off");
}
