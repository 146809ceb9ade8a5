/* SPDX-License-Identifier: MIT */
#ifndef HEAP_THREADX_H
#define HEAP_THREADX_H

#ifdef __cplusplus
extern "C" {
#endif

/* From tx_application_define: makes the mutex, where the lock is one. */
void heap_threadx_init(void);

#ifdef __cplusplus
}
#endif

#endif
