/* SPDX-License-Identifier: MIT */
#ifndef RTOS_TX_THREAD_H
#define RTOS_TX_THREAD_H

extern volatile ULONG _tx_thread_system_state;
#define TX_THREAD_GET_SYSTEM_STATE() _tx_thread_system_state

#endif
