/* SPDX-License-Identifier: MIT */
#ifndef RTOS_ZEPHYR_PRINTK_H
#define RTOS_ZEPHYR_PRINTK_H

__attribute__((format(printf, 1, 2))) void printk(const char *fmt, ...);

#endif
