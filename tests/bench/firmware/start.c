/* SPDX-License-Identifier: MIT */
/*
 * Reset, and the way back to it.  The bench has a startup of its own so that
 * no change of the boards moves a count.
 */
#include "bench.h"

extern char bench_stack_top[];
extern uint32_t bench_data[], bench_data_end[], bench_data_image[];
extern uint32_t bench_zero[], bench_zero_end[];
extern char __tls_base[];

/* picolibc keeps errno in thread-local storage; the others lack this. */
void _set_tls(void *tls) __attribute__((weak));

_Noreturn void bench_reset(void);

static _Noreturn void fault(void)
{
	bench_fail("the processor met a fault");
}

__attribute__((section(".vectors"), used)) static const struct {
	const void *stack;
	void (*handlers[15])(void);
} vectors = {
	bench_stack_top,
	{bench_reset, fault, fault, fault, fault, fault},
};

void bench_restart(size_t size)
{
	const uint32_t *from = bench_data_image;
	uint32_t *to;

	for (to = bench_data; to < bench_data_end; to++)
		*to = *from++;
	for (to = bench_zero; to < bench_zero_end; to++)
		*to = 0;
	if (_set_tls)
		_set_tls(__tls_base);
	bench_allocator.init(bench_region, size);
}

_Noreturn void bench_reset(void)
{
	/* Which measurement, and its argument; see README.md. */
	uint32_t words[2] = {0, UINT32_MAX};

	bench_arguments(words, 2);
	switch (words[0]) {
	case 1:
		bench_timer_start();
		bench_run_time(words[1]);
		break;
	case 2:
		bench_run_heap(words[1]);
		break;
	case 3:
		bench_timer_start();
		bench_run_worst(words[1]);
		break;
	default:
		bench_fail("say what to measure: 1 time, 2 heap, 3 worst");
	}
	bench_text("E\n");
	bench_exit(0);
}
