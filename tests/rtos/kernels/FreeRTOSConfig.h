/* SPDX-License-Identifier: MIT */
/* The real FreeRTOS on an emulated Cortex-M3 of 25 MHz. */
#ifndef KERNELS_FREERTOS_CONFIG_H
#define KERNELS_FREERTOS_CONFIG_H

#define configUSE_PREEMPTION                 1
#define configUSE_TIME_SLICING               1
#define configUSE_IDLE_HOOK                  0
#define configUSE_TICK_HOOK                  1
#define configCPU_CLOCK_HZ                   25000000
#define configTICK_RATE_HZ                   10000
#define configMAX_PRIORITIES                 4
#define configMINIMAL_STACK_SIZE             200
#define configTICK_TYPE_WIDTH_IN_BITS        1
#define configUSE_MUTEXES                    1
#define configUSE_TIMERS                     0
#define configUSE_MALLOC_FAILED_HOOK         1
#define configCHECK_FOR_STACK_OVERFLOW       2
#define configSUPPORT_DYNAMIC_ALLOCATION     1
#define configKERNEL_INTERRUPT_PRIORITY      0xff
#define configMAX_SYSCALL_INTERRUPT_PRIORITY 0x40
#define configCHECK_HANDLER_INSTALLATION     0
#ifdef KERNEL_HEAP_BYTES
#define configTOTAL_HEAP_SIZE KERNEL_HEAP_BYTES
#endif

#define INCLUDE_vTaskDelete               1
#define INCLUDE_vTaskDelay                1
#define INCLUDE_xTaskGetCurrentTaskHandle 1
#define INCLUDE_xTaskGetSchedulerState    1

void kernel_assert(const char *file, int line);
#define configASSERT(x)                                                        \
	do {                                                                   \
		if (!(x))                                                      \
			kernel_assert(__FILE__, __LINE__);                     \
	} while (0)

#define vPortSVCHandler     SVC_Handler
#define xPortPendSVHandler  PendSV_Handler
#define xPortSysTickHandler SysTick_Handler

#endif
