/* SPDX-License-Identifier: MIT */
/*
 * Zephyr: the port of heap_default, over an array.  Add it to the application's
 * sources and link heap.a of libc "none"; port/rtos/ZEPHYR.md tells the rest.
 *
 * The lock is a spin lock: threads and interrupts of all cores may allocate, but
 * not zero-latency interrupts, which it does not hold off.
 *
 * HEAP_ZEPHYR_BYTES  of the array.                              default 16384
 */
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "heap_port.h"

#ifndef HEAP_ZEPHYR_BYTES
#define HEAP_ZEPHYR_BYTES 16384
#endif

static char memory[HEAP_ZEPHYR_BYTES] __attribute__((aligned(16)));
static struct heap_region region = {
	.start = memory,
	.end = memory + sizeof(memory),
};
static struct k_spinlock spin;

static uintptr_t lock(void *ctx)
{
	(void)ctx;
	return (uintptr_t)k_spin_lock(&spin).key;
}

static void unlock(void *ctx, uintptr_t state)
{
	k_spinlock_key_t key;

	(void)ctx;
	key.key = (int)state;
	k_spin_unlock(&spin, key);
}

static uintptr_t thread(void *ctx)
{
	(void)ctx;
	/* No thread is at an odd address. */
	return k_is_in_isr() ? 1 : (uintptr_t)k_current_get();
}

static void console(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	printk("%.*s", (int)n, bytes);
}

static void fault(void *ctx, const struct heap_fault *what)
{
	(void)ctx;
	heap_port_report(&heap_port_default, what);
	k_panic();
}

const struct heap_port heap_port_default = {
	.ctx = &region,
	.sbrk = heap_region_sbrk,
	.lock = lock,
	.unlock = unlock,
	.thread = thread,
	.write = console,
	.fault = fault,
};
