/* SPDX-License-Identifier: MIT */
/* What a process has beside malloc: fork, and the break. */
#include <errno.h>

#include "blocks.h"
#include "family.h"

const char heap_libc_process = 0;

#if BLOCKS_MAP

extern const char heap_linux_is_default __attribute__((weak));

/* ---- fork: another thread may be inside the heap ----------------------- */

int pthread_atfork(void (*before)(void), void (*in_parent)(void),
		   void (*in_child)(void));

/* Early: who registers later is asked earlier, and may allocate then. */
__attribute__((constructor(101))) static void see_to_fork(void)
{
	if (&heap_linux_is_default != NULL)
		pthread_atfork(heap_linux_before_fork, heap_linux_in_parent,
			       heap_linux_in_child);
}

/* ---- the break: the heap's and the program's are one ------------------- */

#pragma GCC visibility push(default)
void *sbrk(ptrdiff_t increment);
int brk(void *to);
#pragma GCC visibility pop

static void *move_break(ptrdiff_t increment)
{
	const struct heap_port *port = &heap_port_default;
	void *old;

	if (&heap_linux_is_default == NULL)
		return heap_libc_sbrk(increment, NULL);

	/* Not the port's sbrk: that may have gone elsewhere. */
	uintptr_t state = port->lock(port->ctx);

	old = heap_linux_break(increment);
	port->unlock(port->ctx, state);
	if (old == (void *)-1)
		errno = ENOMEM;
	return old;
}

void *sbrk(ptrdiff_t increment)
{
	return move_break(increment);
}

/* 0, or -1 with ENOMEM. */
int brk(void *to)
{
	void *now = move_break(0);

	if (now == (void *)-1)
		return -1;
	return move_break((char *)to - (char *)now) == (void *)-1 ? -1 : 0;
}

#endif
