/* SPDX-License-Identifier: MIT */
/* What port/rtos/zephyr.c uses of Zephyr, declared by us: no kernel. */
#ifndef RTOS_ZEPHYR_KERNEL_H
#define RTOS_ZEPHYR_KERNEL_H

#include <stdbool.h>

struct z_spinlock_key {
	int key;
};
typedef struct z_spinlock_key k_spinlock_key_t;

struct k_spinlock {
	int locked;
};

struct k_thread;
typedef struct k_thread *k_tid_t;

k_spinlock_key_t k_spin_lock(struct k_spinlock *l);
void k_spin_unlock(struct k_spinlock *l, k_spinlock_key_t key);
k_tid_t k_current_get(void);
bool k_is_in_isr(void);
void k_panic(void);

#endif
