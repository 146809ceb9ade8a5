/* SPDX-License-Identifier: MIT */
/*
 * Callbacks for a program on a POSIX host, where the heap is tested.  All
 * ignore `ctx` and serve the one heap behind malloc, errno kept.
 */
#ifndef HEAP_HOST_H
#define HEAP_HOST_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A break inside one mapping, made at the first call: 1 GiB, or by halves the
 * most that the system grants.  Pages cost memory when first touched.
 */
void *heap_host_sbrk(void *ctx, ptrdiff_t increment);

/* A spin lock that yields.  Not across fork, not from a signal handler. */
uintptr_t heap_host_lock(void *ctx);
void heap_host_unlock(void *ctx, uintptr_t state);

/* To the standard error, unbuffered. */
void heap_host_write(void *ctx, const char *bytes, size_t n);

/* Report through the write of heap_port_default, then abort(). */
void heap_host_fault(void *ctx, const struct heap_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
