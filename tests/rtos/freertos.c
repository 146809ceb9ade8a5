/* SPDX-License-Identifier: MIT */
/*
 * FreeRTOS's heap functions over the heap, on the host and without a kernel:
 * its part of the bargain is played here.  Ends with 0, or says what is wrong.
 * Compiled with configTOTAL_HEAP_SIZE it is heap_4, without it heap_5.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "FreeRTOS.h"
#include "task.h"

#include "heap.h"

static int suspended, in_interrupt, hooks, asserts;

#define EXPECT(c)                                                              \
	do {                                                                   \
		if (!(c)) {                                                    \
			printf("line %d: not so: %s\n", __LINE__, #c);         \
			exit(1);                                               \
		}                                                              \
	} while (0)

void vTaskSuspendAll(void)
{
	suspended++;
}

BaseType_t xTaskResumeAll(void)
{
	EXPECT(suspended > 0);
	suspended--;
	return pdFALSE;
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
	return NULL;
}

BaseType_t xPortIsInsideInterrupt(void)
{
	return in_interrupt;
}

void vApplicationMallocFailedHook(void)
{
	EXPECT(suspended == 0);
	hooks++;
}

void vAssertCalled(const char *file, int line)
{
	(void)file;
	(void)line;
	EXPECT(suspended == 0);
	asserts++;
}

#ifdef configTOTAL_HEAP_SIZE
#define TOTAL ((size_t)configTOTAL_HEAP_SIZE)

static void define_regions(void)
{
	vPortInitialiseBlocks();
}
#else
#define TOTAL ((size_t)3072 + 5000)

static uint8_t memory[16384];

static void define_regions(void)
{
	/* A copy is kept: this one ends with the function. */
	const HeapRegion_t regions[] = {
#ifdef TEST_REVERSED
		{memory + 8192, 5000},
		{memory, 3072},
#else
		{memory, 3072},
		{memory + 8192, 5000},
#endif
		{memory + 8200, 16},
		{NULL, 0},
	};

	/* The last one is part of another: it is left out. */
	vPortDefineHeapRegions(regions);
	EXPECT(asserts == 1);
	asserts = 0;
}
#endif

/* All blocks of n bytes that there are room for, and what they hold. */
static size_t fill(void *blocks[], size_t most, size_t n)
{
	size_t count = 0;

	while (count < most && (blocks[count] = pvPortMalloc(n)) != NULL)
		memset(blocks[count++], 0x5a, n);
	return count;
}

static HeapStats_t at_start;

static void check_exhaustion(void)
{
	static void *blocks[512];
	size_t count = fill(blocks, 512, 100), at_most = TOTAL / 100;
	HeapStats_t stats, before = at_start;

	EXPECT(hooks == 1);
	EXPECT(count > at_most * 8 / 10 && count <= at_most);
	EXPECT(xPortGetFreeHeapSize() < TOTAL / 10);
	EXPECT(xPortGetMinimumEverFreeHeapSize() < TOTAL / 10);
	vPortGetHeapStats(&stats);
	EXPECT(stats.xNumberOfSuccessfulAllocations -
		       before.xNumberOfSuccessfulAllocations ==
	       count);
	EXPECT(stats.xNumberOfSuccessfulFrees ==
	       before.xNumberOfSuccessfulFrees);
	for (size_t i = 0; i < count; i++)
		vPortFree(blocks[i]);
	vPortGetHeapStats(&stats);
	EXPECT(stats.xNumberOfSuccessfulFrees -
		       before.xNumberOfSuccessfulFrees ==
	       count);
	EXPECT(stats.xAvailableHeapSpaceInBytes == xPortGetFreeHeapSize());
	EXPECT(stats.xSizeOfLargestFreeBlockInBytes <=
	       stats.xAvailableHeapSpaceInBytes);
	EXPECT(stats.xSizeOfSmallestFreeBlockInBytes <=
	       stats.xSizeOfLargestFreeBlockInBytes + sizeof(size_t));
	EXPECT(stats.xNumberOfFreeBlocks >= 1);
	EXPECT(stats.xMinimumEverFreeBytesRemaining < TOTAL / 10);
}

static void check_interrupt(void)
{
	void *p = pvPortMalloc(40);
	size_t before = xPortGetFreeHeapSize();

	in_interrupt = 1;
	vPortFree(p);
	EXPECT(asserts == 0);
	EXPECT(pvPortMalloc(8) == NULL);
	EXPECT(asserts == 1);
	in_interrupt = 0;
	vPortFree(pvPortMalloc(8));
	EXPECT(xPortGetFreeHeapSize() > before);
	vPortFree(p);
	/* Twice where the block was to be cleared. */
	EXPECT(asserts >= 2);
}

int main(void)
{
	unsigned char *p;
	size_t total;

	define_regions();
	total = xPortGetFreeHeapSize();
	EXPECT(total <= TOTAL && total > TOTAL - 64);
	EXPECT(pvPortMalloc(0) == NULL);
	EXPECT(hooks == 1);
	EXPECT(pvPortCalloc(SIZE_MAX / 2, 3) == NULL);
	EXPECT(hooks == 2);
	hooks = 0;
	vPortFree(NULL);

	p = pvPortMalloc(24);
	EXPECT(p != NULL);
	memset(p, 0xff, 24);
	EXPECT(xPortGetFreeHeapSize() < total);
	vPortFree(p);
	p = pvPortCalloc(3, 8);
	for (int i = 0; i < 24; i++)
		EXPECT(p[i] == 0);
	vPortFree(p);
	EXPECT(pvPortMalloc(TOTAL) == NULL);
	EXPECT(hooks == 1);
	hooks = 0;
	vPortGetHeapStats(&at_start);
	EXPECT(at_start.xNumberOfSuccessfulAllocations == 2);
	check_exhaustion();
	check_interrupt();
	EXPECT(suspended == 0);
	EXPECT(heap_check(&heap_default, NULL) == HEAP_OK);
	puts("ok");
	return 0;
}
