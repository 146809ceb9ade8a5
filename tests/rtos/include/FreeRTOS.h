/* SPDX-License-Identifier: MIT */
/* What port/rtos/freertos.c uses of FreeRTOS, declared by us: no kernel. */
#ifndef RTOS_FREERTOS_H
#define RTOS_FREERTOS_H

#include <stddef.h>
#include <stdint.h>

#include "FreeRTOSConfig.h"

typedef long BaseType_t;

#define pdFALSE ((BaseType_t)0)

void vAssertCalled(const char *file, int line);
#define configASSERT_DEFINED 1
#define configASSERT(x)                                                        \
	do {                                                                   \
		if (!(x))                                                      \
			vAssertCalled(__FILE__, __LINE__);                     \
	} while (0)

#ifndef traceMALLOC
#define traceMALLOC(address, size)
#endif
#ifndef traceFREE
#define traceFREE(address, size)
#endif

BaseType_t xPortIsInsideInterrupt(void);
void vPortYield(void);
#define taskDISABLE_INTERRUPTS() vPortYield()

typedef struct HeapRegion {
	uint8_t *pucStartAddress;
	size_t xSizeInBytes;
} HeapRegion_t;

typedef struct xHeapStats {
	size_t xAvailableHeapSpaceInBytes;
	size_t xSizeOfLargestFreeBlockInBytes;
	size_t xSizeOfSmallestFreeBlockInBytes;
	size_t xNumberOfFreeBlocks;
	size_t xMinimumEverFreeBytesRemaining;
	size_t xNumberOfSuccessfulAllocations;
	size_t xNumberOfSuccessfulFrees;
} HeapStats_t;

void *pvPortMalloc(size_t xWantedSize);
void *pvPortCalloc(size_t xNum, size_t xSize);
void vPortFree(void *pv);
void vPortInitialiseBlocks(void);
void vPortDefineHeapRegions(const HeapRegion_t *const pxHeapRegions);
void vPortGetHeapStats(HeapStats_t *pxHeapStats);
size_t xPortGetFreeHeapSize(void);
size_t xPortGetMinimumEverFreeHeapSize(void);
void vApplicationMallocFailedHook(void);

#endif
