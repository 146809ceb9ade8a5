/* SPDX-License-Identifier: MIT */
/* What port/rtos/cmsis_rtos2.c uses of CMSIS-RTOS2, declared by us. */
#ifndef RTOS_CMSIS_OS2_H
#define RTOS_CMSIS_OS2_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
	osKernelInactive = 0,
	osKernelReady = 1,
	osKernelRunning = 2,
	osKernelLocked = 3,
	osKernelSuspended = 4,
	osKernelError = -1,
	osKernelReserved = 0x7fffffff
} osKernelState_t;

typedef enum {
	osOK = 0,
	osError = -1,
	osStatusReserved = 0x7fffffff
} osStatus_t;

typedef void *osThreadId_t;
typedef void (*osThreadFunc_t)(void *argument);
typedef struct {
	const char *name;
	uint32_t attr_bits;
} osThreadAttr_t;

osStatus_t osKernelInitialize(void);
osKernelState_t osKernelGetState(void);
osStatus_t osKernelStart(void);
int32_t osKernelLock(void);
int32_t osKernelRestoreLock(int32_t lock);
osThreadId_t osThreadNew(osThreadFunc_t func, void *argument,
			 const osThreadAttr_t *attr);
osThreadId_t osThreadGetId(void);

#endif
