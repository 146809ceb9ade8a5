/* SPDX-License-Identifier: MIT */
/*
 * The locks of a libc that is built with retargetable locking, over the port's
 * lock: heap_newlib_locks.o and heap_picolibc_locks.o.  They guard what libc
 * itself shares, such as FILEs, atexit and the environment; the heap has no
 * need of them.  So no archive has them: link the object if you want them.
 *
 * All of libc's locks are one, which nests, so that a program can hold several
 * in any order.  Demands on the port, beyond what the heap asks:
 * - its lock nests, as libc allocates while it holds one of these: an interrupt
 *   mask (heap_cortex_m_lock) or a recursive mutex;
 * - it bears being held while libc writes to a stream: an interrupt mask keeps
 *   interrupts off for so long;
 * - with a mutex, `thread` tells the threads apart.
 *
 * All or nothing: libc has these names in one object, which one missing name
 * brings in beside this one, and the link is refused.
 */
#include "../nesting.h"

struct __lock {
	char unused;
};

/* What libc calls.  The types are those of its <sys/lock.h>. */
void __retarget_lock_init(struct __lock **to);
void __retarget_lock_init_recursive(struct __lock **to);
void __retarget_lock_close(struct __lock *one);
void __retarget_lock_close_recursive(struct __lock *one);
void __retarget_lock_acquire(struct __lock *one);
void __retarget_lock_acquire_recursive(struct __lock *one);
int __retarget_lock_try_acquire(struct __lock *one);
int __retarget_lock_try_acquire_recursive(struct __lock *one);
void __retarget_lock_release(struct __lock *one);
void __retarget_lock_release_recursive(struct __lock *one);

/* libc's own, which nobody initialises. */
#define STATIC_LOCK(name)                                                      \
	extern struct __lock __lock___##name;                                  \
	struct __lock __lock___##name

#ifdef __PICOLIBC__
STATIC_LOCK(libc_recursive_mutex);
#define ANY_LOCK __lock___libc_recursive_mutex
#else
STATIC_LOCK(sfp_recursive_mutex);
STATIC_LOCK(atexit_recursive_mutex);
STATIC_LOCK(at_quick_exit_mutex);
STATIC_LOCK(malloc_recursive_mutex);
STATIC_LOCK(env_recursive_mutex);
STATIC_LOCK(tz_mutex);
STATIC_LOCK(dd_hash_mutex);
STATIC_LOCK(arc4random_mutex);
#define ANY_LOCK __lock___sfp_recursive_mutex
#endif

/* The one lock behind them all. */
static volatile struct nesting lock;

static void acquire(void)
{
	nesting_acquire(&lock);
}

static void release(void)
{
	nesting_release(&lock);
}

/* 0 when acquired; 1 when another thread has it, which is not waited for. */
static int try_acquire(void)
{
	if (nesting_is_taken(&lock))
		return 1;
	acquire();
	return 0;
}

/* Nothing to allocate: a lock made at run time is the one lock, too. */
void __retarget_lock_init(struct __lock **to)
{
	*to = &ANY_LOCK;
}

void __retarget_lock_init_recursive(struct __lock **to)
{
	*to = &ANY_LOCK;
}

void __retarget_lock_close(struct __lock *one)
{
	(void)one;
}

void __retarget_lock_close_recursive(struct __lock *one)
{
	(void)one;
}

void __retarget_lock_acquire(struct __lock *one)
{
	(void)one;
	acquire();
}

void __retarget_lock_acquire_recursive(struct __lock *one)
{
	(void)one;
	acquire();
}

int __retarget_lock_try_acquire(struct __lock *one)
{
	(void)one;
	return try_acquire();
}

int __retarget_lock_try_acquire_recursive(struct __lock *one)
{
	(void)one;
	return try_acquire();
}

void __retarget_lock_release(struct __lock *one)
{
	(void)one;
	release();
}

void __retarget_lock_release_recursive(struct __lock *one)
{
	(void)one;
	release();
}
