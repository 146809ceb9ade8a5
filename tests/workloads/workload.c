/* SPDX-License-Identifier: MIT */
/*
 * Run a workload, traced if it is told where to, then see that its heap is sound
 * and that nothing is left.
 */
#include "workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "heap.h"
#include "trace.h"

bool went_wrong(const char *what)
{
	printf("not so: %s\n", what);
	return false;
}

/*
 * What libc allocates once and keeps, newlib for its streams and for floating
 * point, is not left over by the workload.
 */
static void let_libc_settle(void)
{
	static char text[400];

	snprintf(text, sizeof(text), "%.17g %.14g %f", 1e300 / 3, 0.1,
		 1e15 / 7);
	printf("%.3f bytes of settling: %g\n", strtod("1.5e300", NULL) / 1e300,
	       strtod("3.14159265358979", NULL));
	snprintf(text, sizeof(text), "%.99f", 1e-300);
}

int main(void)
{
	struct heap_stats before, s;
	bool good = true;

	let_libc_settle();
	heap_stats(&heap_default, &before);
	if (!trace_begin())
		good = went_wrong("the trace's file can be written");
	good = workload() && good;
	if (!trace_end())
		good = went_wrong("all of the trace is written");
	heap_stats(&heap_default, &s);
	printf("heap: peak %lu bytes, taken %lu, largest free %lu, "
	       "refused %lu times\n",
	       (unsigned long)s.peak, (unsigned long)s.taken,
	       (unsigned long)s.largest_free, (unsigned long)s.failures);
	if (heap_check(&heap_default, NULL) != HEAP_OK)
		good = went_wrong("the heap is sound");
	printf("heap: %ld bytes left\n", (long)s.in_use - (long)before.in_use);
	if (s.in_use > before.in_use)
		good = went_wrong("nothing is left");
	puts(good ? "all as it should be" : "not all as it should be");
	return good ? 0 : 1;
}
