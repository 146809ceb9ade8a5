/* SPDX-License-Identifier: MIT */
/*
 * FreeRTOS: in the place of its heap_4.c or heap_5.c.  Compile it with the
 * kernel, and link heap.a; port/rtos/FREERTOS.md tells the rest.  The names and
 * their types are FreeRTOS's.
 *
 * The lock suspends the scheduler, as those files do: it nests, and may be
 * taken before the scheduler starts and while it is suspended.  In an interrupt
 * vPortFree hangs the block on a list, and pvPortMalloc is refused and told.
 */
#include <string.h>

#include "FreeRTOS.h"
#include "task.h"

#include "heap.h"
#include "heap_banks.h"
#include "heap_pending.h"

/*
 * HEAP_FREERTOS_LINKER 1  memory is the linker script's region, and libc's
 *   malloc shares it; not configTOTAL_HEAP_SIZE.                 default 0
 * HEAP_FREERTOS_REGIONS  regions that vPortDefineHeapRegions takes.  default 8
 * HEAP_FREERTOS_IN_ISR  is the caller in an interrupt?  default: the port of
 *   FreeRTOS knows.  Ports that have no xPortIsInsideInterrupt need another.
 */
#ifndef HEAP_FREERTOS_LINKER
#define HEAP_FREERTOS_LINKER 0
#endif
#ifndef HEAP_FREERTOS_REGIONS
#define HEAP_FREERTOS_REGIONS 8
#endif
#ifndef HEAP_FREERTOS_IN_ISR
#define HEAP_FREERTOS_IN_ISR() (xPortIsInsideInterrupt() != pdFALSE)
#endif

/* ---- memory ---------------------------------------------------------------- */

#if HEAP_FREERTOS_LINKER
#define SBRK  heap_linker_sbrk
#define BANKS NULL

static size_t regions(void)
{
	return 1;
}

static const struct heap_region *region(size_t i)
{
	(void)i;
	return &heap_region_linker;
}
#else
#define SBRK  heap_banks_sbrk
#define BANKS (&banks)

#ifdef configTOTAL_HEAP_SIZE
#if configAPPLICATION_ALLOCATED_HEAP == 1
extern uint8_t ucHeap[configTOTAL_HEAP_SIZE];
#else
static uint8_t ucHeap[configTOTAL_HEAP_SIZE];
#endif
#define UC_HEAPS 1
#else
#define UC_HEAPS 0
#endif

/* Where memory comes from, in this order. */
static struct heap_bank table[HEAP_FREERTOS_REGIONS]
#if UC_HEAPS == 1
	= {{.region = {.start = (char *)ucHeap,
		       .end = (char *)ucHeap + sizeof(ucHeap)}}}
#endif
;

static struct heap_banks banks = {
	.bank = table,
	.count = UC_HEAPS,
	.heap = &heap_default,
	.most = HEAP_FREERTOS_REGIONS,
};

static size_t regions(void)
{
	return banks.count;
}

static const struct heap_region *region(size_t i)
{
	return &table[i].region;
}
#endif

/* Bytes of the regions that the heap has not got yet, or all of them. */
static size_t region_bytes(bool all)
{
	size_t n = 0;

	for (size_t i = 0; i < regions(); i++) {
		const struct heap_region *r = region(i);

		n += (size_t)(r->end -
			      (r->brk == NULL || all ? r->start : r->brk));
	}
	return n;
}

/* ---- the port ------------------------------------------------------------ */

static uintptr_t suspend(void *ctx)
{
	(void)ctx;
	vTaskSuspendAll();
	return 0;
}

static void resume(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
	(void)xTaskResumeAll();
}

static bool in_isr(void *ctx)
{
	(void)ctx;
	return HEAP_FREERTOS_IN_ISR();
}

#if INCLUDE_xTaskGetCurrentTaskHandle == 1 || configUSE_MUTEXES == 1
static uintptr_t task(void *ctx)
{
	/* No task is at an odd address. */
	return in_isr(ctx) ? 1 : (uintptr_t)xTaskGetCurrentTaskHandle();
}
#define TASK task
#else
#define TASK NULL
#endif

/* A debugger finds the fault in the arguments. */
static void stop(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
#if configASSERT_DEFINED == 1
	configASSERT(fault == NULL);
#else
	(void)fault;
	taskDISABLE_INTERRUPTS();
	for (;;)
		continue;
#endif
}

static struct heap_pending pending = {
	.calls = &heap_pending_calls,
	.swap = heap_swap,
};

const struct heap_port heap_port_default = {
	.ctx = BANKS,
	.sbrk = SBRK,
	.lock = suspend,
	.unlock = resume,
	.in_isr = in_isr,
	.thread = TASK,
	.pending = &pending,
	.fault = stop,
};

/* ---- heap_4 and heap_5 ---------------------------------------------------- */

static volatile uintptr_t allocations, frees;

/* In any context. */
static void count(volatile uintptr_t *counter)
{
	uintptr_t n;

	do
		n = *counter;
	while (!heap_swap(counter, n, n + 1));
}

static void *allocated(void *p, size_t n)
{
	traceMALLOC(p, n);
	(void)n;
	if (p != NULL)
		count(&allocations);
#if configUSE_MALLOC_FAILED_HOOK == 1
	else
		vApplicationMallocFailedHook();
#endif
	return p;
}

void *pvPortMalloc(size_t xWantedSize)
{
	const void *caller = __builtin_return_address(0);
	void *p = NULL;

	/* The kernel's own do not make a block of nothing. */
	if (xWantedSize != 0)
		p = heap_alloc_from(&heap_default, xWantedSize, caller);
	return allocated(p, xWantedSize);
}

void *pvPortCalloc(size_t xNum, size_t xSize)
{
	const void *caller = __builtin_return_address(0);
	size_t n = xNum * xSize;
	void *p = NULL;

	if (n != 0 && n / xSize == xNum)
		p = heap_zalloc_from(&heap_default, n, caller);
	return allocated(p, n);
}

/* 0 in an interrupt, where it cannot be known. */
static inline size_t bytes_at(const void *p)
{
	return in_isr(NULL) ? 0 : heap_usable_size(&heap_default, p);
}

void vPortFree(void *pv)
{
	if (pv == NULL)
		return;
#if configHEAP_CLEAR_MEMORY_ON_FREE == 1
	memset(pv, 0, bytes_at(pv));
#endif
	traceFREE(pv, bytes_at(pv));
	count(&frees);
	heap_free_from(&heap_default, pv, __builtin_return_address(0));
}

#if !HEAP_FREERTOS_LINKER
/*
 * Before the first allocation, as with heap_5, but in any order of addresses;
 * the table is copied.  What is wrong with it is in `error`.
 */
void vPortDefineHeapRegions(const HeapRegion_t *const pxHeapRegions)
{
	const HeapRegion_t *r = pxHeapRegions;
	struct heap_banks_error error = {.problem = HEAP_BANKS_SOUND};

	configASSERT(banks.count == 0);
	for (; r->xSizeInBytes != 0; r++)
		if (!heap_banks_add(&banks, r->pucStartAddress, r->xSizeInBytes,
				    &error))
			configASSERT(error.problem == HEAP_BANKS_SOUND);
}
#endif

void vPortInitialiseBlocks(void)
{
	/* The heap is ready before any code has run. */
}

size_t xPortGetFreeHeapSize(void)
{
	struct heap_stats stats;

	heap_stats(&heap_default, &stats);
	return stats.free + region_bytes(false);
}

size_t xPortGetMinimumEverFreeHeapSize(void)
{
	struct heap_stats stats;

	heap_stats(&heap_default, &stats);
	return region_bytes(true) - stats.overhead - stats.peak;
}

static bool find_smallest(void *ctx, const struct heap_chunk *chunk)
{
	size_t *smallest = ctx;

	if (chunk->state != HEAP_CHUNK_USED && chunk->size < *smallest)
		*smallest = chunk->size;
	return true;
}

void vPortGetHeapStats(HeapStats_t *pxHeapStats)
{
	size_t unused = region_bytes(false), smallest = unused;
	struct heap_stats stats;

	heap_stats(&heap_default, &stats);
	if (smallest == 0)
		smallest = SIZE_MAX;
	heap_walk(&heap_default, find_smallest, &smallest);
	*pxHeapStats = (HeapStats_t){
		.xAvailableHeapSpaceInBytes = stats.free + unused,
		.xSizeOfLargestFreeBlockInBytes = stats.largest_free > unused
							  ? stats.largest_free
							  : unused,
		.xSizeOfSmallestFreeBlockInBytes = smallest,
		.xNumberOfFreeBlocks = stats.free_chunks + (unused != 0),
		.xMinimumEverFreeBytesRemaining =
			region_bytes(true) - stats.overhead - stats.peak,
		.xNumberOfSuccessfulAllocations = allocations,
		.xNumberOfSuccessfulFrees = frees,
	};
}
