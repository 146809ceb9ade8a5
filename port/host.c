/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heap_host.h"

#define RESERVE_MOST  ((size_t)1 << 30)
#define RESERVE_LEAST ((size_t)1 << 20)

static struct heap_region reserve;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void reserve_map(void)
{
	for (size_t n = RESERVE_MOST; n >= RESERVE_LEAST; n /= 2) {
		char *start = mmap(NULL, n, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				   -1, 0);

		if (start != MAP_FAILED) {
			reserve.start = start;
			reserve.end = start + n;
			return;
		}
	}
}

void *heap_host_sbrk(void *ctx, ptrdiff_t increment)
{
	int saved = errno;

	(void)ctx;
	if (reserve.start == NULL)
		reserve_map();
	errno = saved;
	return heap_region_sbrk(&reserve, increment);
}

uintptr_t heap_host_lock(void *ctx)
{
	(void)ctx;
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
		sched_yield();
	return 0;
}

void heap_host_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

void heap_host_write(void *ctx, const char *bytes, size_t n)
{
	int saved = errno;

	(void)ctx;
	while (n != 0) {
		ssize_t done = write(STDERR_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			break;
		bytes += done;
		n -= (size_t)done;
	}
	errno = saved;
}

void heap_host_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	heap_port_report(&heap_port_default, fault);
	abort();
}
