/* SPDX-License-Identifier: MIT */
#include "heap_lock.h"

uintptr_t heap_mutex_lock(void *ctx)
{
	const struct heap_mutex *mutex = ctx;

	if (mutex->context() != HEAP_CONTEXT_THREAD)
		return 0;
	mutex->take(mutex->mutex);
	return 1;
}

void heap_mutex_unlock(void *ctx, uintptr_t state)
{
	const struct heap_mutex *mutex = ctx;

	if (state != 0)
		mutex->give(mutex->mutex);
}

bool heap_mutex_in_isr(void *ctx)
{
	const struct heap_mutex *mutex = ctx;

	return mutex->context() == HEAP_CONTEXT_NO_WAIT;
}
