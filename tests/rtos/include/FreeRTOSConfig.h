/* SPDX-License-Identifier: MIT */
/* As a program would have it; a test overrides some with -D. */
#ifndef RTOS_FREERTOS_CONFIG_H
#define RTOS_FREERTOS_CONFIG_H

#ifndef configUSE_MALLOC_FAILED_HOOK
#define configUSE_MALLOC_FAILED_HOOK 1
#endif
#ifndef configAPPLICATION_ALLOCATED_HEAP
#define configAPPLICATION_ALLOCATED_HEAP 0
#endif
#ifndef configHEAP_CLEAR_MEMORY_ON_FREE
#define configHEAP_CLEAR_MEMORY_ON_FREE 0
#endif
#define configUSE_MUTEXES 1

#endif
