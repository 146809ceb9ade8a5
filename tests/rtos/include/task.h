/* SPDX-License-Identifier: MIT */
/* What port/rtos/freertos.c uses of FreeRTOS's tasks, declared by us. */
#ifndef RTOS_TASK_H
#define RTOS_TASK_H

#include "FreeRTOS.h"

typedef struct tskTaskControlBlock *TaskHandle_t;
typedef void (*TaskFunction_t)(void *arg);

void vTaskSuspendAll(void);
BaseType_t xTaskResumeAll(void);
TaskHandle_t xTaskGetCurrentTaskHandle(void);
void vTaskStartScheduler(void);

#endif
