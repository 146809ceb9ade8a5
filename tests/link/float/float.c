/* SPDX-License-Identifier: MIT */
/*
 * Numbers of floating point in blocks of the heap, as arguments and through
 * libc's printf and strtod, which allocate: ends with 7 when none is lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define COUNT 50

/* Arguments and results are where the float ABIs differ. */
__attribute__((noinline)) static float mean(const float *numbers, int n,
					    float scale)
{
	float sum = 0;

	for (int i = 0; i < n; i++)
		sum += numbers[i] * scale;
	return sum / (float)n;
}

int main(void)
{
	struct heap_stats stats;
	float *numbers = malloc(COUNT * sizeof(*numbers));
	double *wide = malloc(sizeof(*wide));
	char *text = strdup("12.25");

	if (numbers == NULL || wide == NULL || text == NULL)
		return 1;
	for (int i = 0; i < COUNT; i++)
		numbers[i] = (float)i;
	/* The registers of floating point outlive calls of the heap. */
	float kept = mean(numbers, COUNT, 2.0f);
	free(calloc(10, 10));
	*wide = strtod(text, NULL) + (double)kept;
	printf("%d\n", (int)(*wide * 100));
	heap_stats(&heap_default, &stats);
	if (stats.used_chunks < 3)
		return 2;
	if (kept != 49.0f || *wide != 61.25)
		return 3;
	free(text);
	free(wide);
	free(numbers);
	return heap_check(&heap_default, NULL) == HEAP_OK ? 7 : 4;
}
