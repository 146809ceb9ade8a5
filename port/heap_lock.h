/* SPDX-License-Identifier: MIT */
/*
 * Locks that are not a bare machine's: one that is chosen at run time, and one
 * made of an RTOS's mutex.  What a lock owes the heap is in heap_port.h.
 */
#ifndef HEAP_LOCK_H
#define HEAP_LOCK_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- locker.c: chosen at run time -------------------------------------- */

/* The members of struct heap_port that make a lock, with a ctx of their own. */
struct heap_locker {
	void *ctx;
	uintptr_t (*lock)(void *ctx);
	void (*unlock)(void *ctx, uintptr_t state);
	bool (*in_isr)(void *ctx);      /* may be NULL */
	uintptr_t (*thread)(void *ctx); /* may be NULL */
};

/*
 * From now on the callbacks below use this locker, which must stay where it
 * is.  Call it while no heap operation is under way: from main, before the
 * scheduler starts, not from an interrupt.  One store; never fails.
 */
void heap_set_locker(const struct heap_locker *locker);

/*
 * The locker in use until then.  Ours masks interrupts, alone in its archive
 * member: define your own for anything else.
 */
extern const struct heap_locker heap_locker_first;

/* For the members of a port; their own `ctx` is not used.  Constant time. */
uintptr_t heap_locker_lock(void *ctx);
void heap_locker_unlock(void *ctx, uintptr_t state);
bool heap_locker_in_isr(void *ctx);
uintptr_t heap_locker_thread(void *ctx);

/* ---- mutex.c: an RTOS's mutex ------------------------------------------ */

/* Where a call of the heap comes from, for a lock that waits. */
enum heap_context {
	HEAP_CONTEXT_ALONE,  /* no scheduler runs: nobody else is there      */
	HEAP_CONTEXT_THREAD, /* a thread that may wait                       */
	HEAP_CONTEXT_NO_WAIT /* an interrupt, or the scheduler is suspended   */
};

/*
 * A mutex, not necessarily one that nests.  `take` waits as long as it must,
 * and is only called from a thread that may wait; with priority inheritance a
 * low thread in the heap does not hold up a high one for longer than one
 * operation takes.
 */
struct heap_mutex {
	void *mutex; /* the argument of the next two */
	void (*take)(void *mutex);
	void (*give)(void *mutex);
	enum heap_context (*context)(void);
};

/*
 * For the members of a port or a locker whose `ctx` is a struct heap_mutex *.
 * Where there is no scheduler the mutex is left alone; `lock` answers whether
 * it was taken.  in_isr is true where nobody can wait, as the mutex might be
 * held by a thread that does not run until the caller is done.
 */
uintptr_t heap_mutex_lock(void *ctx);
void heap_mutex_unlock(void *ctx, uintptr_t state);
bool heap_mutex_in_isr(void *ctx);

#ifdef __cplusplus
}
#endif

#endif
