/* SPDX-License-Identifier: MIT */
/* libc's locks over a port that records: they nest, and are taken once. */
#include <stdlib.h>

#include "heap_port.h"
#include "witness.h"

struct __lock;
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

#ifdef __PICOLIBC__
extern struct __lock __lock___libc_recursive_mutex;
#define ONE     (&__lock___libc_recursive_mutex)
#define ANOTHER ONE
#else
extern struct __lock __lock___sfp_recursive_mutex, __lock___env_recursive_mutex;
#define ONE     (&__lock___sfp_recursive_mutex)
#define ANOTHER (&__lock___env_recursive_mutex)
#endif

/* ---- the port: a lock that nests, and gives each state back in order ---- */

static unsigned taken, depth, wrong;
static uintptr_t me = 7;

static uintptr_t record_lock(void *ctx)
{
	(void)ctx;
	taken++;
	return 1000 + depth++;
}

static void record_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	wrong += depth == 0 || state != 1000 + depth - 1;
	depth--;
}

static uintptr_t record_thread(void *ctx)
{
	(void)ctx;
	return me;
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linker_sbrk,
	.lock = record_lock,
	.unlock = record_unlock,
	.thread = record_thread,
};

/* ---- what is tried ------------------------------------------------------ */

static void nests(void)
{
	taken = 0;
	__retarget_lock_acquire_recursive(ONE);
	__retarget_lock_acquire_recursive(ONE);
	__retarget_lock_acquire(ANOTHER);
	SHOW(taken == 1 && depth == 1);
	__retarget_lock_release_recursive(ONE);
	__retarget_lock_release_recursive(ONE);
	SHOW(depth == 1);
	__retarget_lock_release(ANOTHER);
	SHOW(taken == 1 && depth == 0);
}

static void allocates_meanwhile(void)
{
	__retarget_lock_acquire_recursive(ONE);

	void *p = malloc(100);

	SHOW(inside(p) && depth == 1);
	free(p);
	SHOW(depth == 1);
	__retarget_lock_release_recursive(ONE);
	SHOW(depth == 0);
}

static void made_at_run_time(void)
{
	struct __lock *plain = NULL, *recursive = NULL;

	__retarget_lock_init(&plain);
	__retarget_lock_init_recursive(&recursive);
	SHOW(plain != NULL && recursive != NULL);
	taken = 0;
	__retarget_lock_acquire(plain);
	__retarget_lock_acquire_recursive(recursive);
	SHOW(taken == 1);
	__retarget_lock_release_recursive(recursive);
	__retarget_lock_release(plain);
	SHOW(depth == 0);
	__retarget_lock_close(plain);
	__retarget_lock_close_recursive(recursive);
}

static void tries(void)
{
	taken = 0;
	SHOW(__retarget_lock_try_acquire(ONE) == 0);
	SHOW(__retarget_lock_try_acquire_recursive(ANOTHER) == 0);
	SHOW(taken == 1);
	me = 8;
	SHOW(__retarget_lock_try_acquire(ONE) != 0);
	SHOW(__retarget_lock_try_acquire_recursive(ANOTHER) != 0);
	SHOW(taken == 1);
	me = 7;
	__retarget_lock_release_recursive(ANOTHER);
	__retarget_lock_release(ONE);
	SHOW(depth == 0);
	me = 8;
	SHOW(__retarget_lock_try_acquire(ONE) == 0 && taken == 2);
	__retarget_lock_release(ONE);
	me = 7;
}

static void release_of_nothing(void)
{
	__retarget_lock_release(ONE);
	__retarget_lock_release_recursive(ONE);
	SHOW(depth == 0 && wrong == 0);
	nests();
}

/* Only a libc with retargetable locking calls them: Debian's picolibc. */
static void libc_takes_them(void)
{
#ifdef __PICOLIBC__
	taken = 0;
	getenv("nothing");
	SHOW(taken != 0);
#endif
}

int main(void)
{
	nests();
	allocates_meanwhile();
	made_at_run_time();
	tries();
	release_of_nothing();
	libc_takes_them();
	SHOW(depth == 0 && wrong == 0);
	return shown();
}
