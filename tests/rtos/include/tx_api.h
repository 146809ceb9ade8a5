/* SPDX-License-Identifier: MIT */
/* What port/rtos/threadx.c uses of ThreadX, declared by us: no kernel. */
#ifndef RTOS_TX_API_H
#define RTOS_TX_API_H

typedef char CHAR;
typedef unsigned int UINT;
typedef unsigned long ULONG;
#define VOID void

typedef struct TX_THREAD_STRUCT TX_THREAD;
typedef struct TX_MUTEX_STRUCT {
	ULONG words[13];
} TX_MUTEX;

#define TX_SUCCESS      ((UINT)0)
#define TX_INHERIT      ((UINT)1)
#define TX_INT_DISABLE  1
#define TX_WAIT_FOREVER ((ULONG)0xffffffffUL)

UINT tx_mutex_create(TX_MUTEX *mutex_ptr, CHAR *name_ptr, UINT inherit);
UINT tx_mutex_get(TX_MUTEX *mutex_ptr, ULONG wait_option);
UINT tx_mutex_put(TX_MUTEX *mutex_ptr);
UINT tx_interrupt_control(UINT new_posture);
TX_THREAD *tx_thread_identify(VOID);
VOID tx_kernel_enter(VOID);
VOID tx_application_define(VOID *first_unused_memory);

#endif
