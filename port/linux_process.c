/* SPDX-License-Identifier: MIT */
/* Linux, but for its memory: threads, fork, reports. */
#include "heap_linux.h"

#if HEAP_LINUX

#include "linux_call.h"

enum { WAIT_PRIVATE = 128, WAKE_PRIVATE = 129 };
enum { STANDARD_ERROR = 2, SIGNAL_ABORT = 6, RANDOM_NOW = 1 };

/* Looks at a lock before sleeping: about what a short operation takes. */
#define SPINS 100

/* ---- the lock --------------------------------------------------------- */

/* Somebody may sleep until the word changes, or not. */
enum { OPEN, HELD, HELD_AND_AWAITED };

static uint32_t word;

/* What heap_linux_lock returns when nothing had to be locked. */
#define ALONE 1

/* glibc's; other libcs have none. */
extern char __libc_single_threaded __attribute__((weak));

static bool is_alone(void)
{
	return &__libc_single_threaded != NULL && __libc_single_threaded != 0;
}

static bool take_if_open(void)
{
	uint32_t expected = OPEN;

	return __atomic_compare_exchange_n(&word, &expected, HELD, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

__attribute__((noinline, cold)) static void wait_and_take(void)
{
	for (unsigned i = 0; i < SPINS; i++) {
		if (__atomic_load_n(&word, __ATOMIC_RELAXED) == OPEN &&
		    take_if_open())
			return;
		__builtin_ia32_pause();
	}
	while (__atomic_exchange_n(&word, HELD_AND_AWAITED, __ATOMIC_ACQUIRE) !=
	       OPEN)
		CALL(CALL_FUTEX, (uintptr_t)&word, WAIT_PRIVATE,
		     HELD_AND_AWAITED);
}

static void let_go(void)
{
	if (__atomic_exchange_n(&word, OPEN, __ATOMIC_RELEASE) ==
	    HELD_AND_AWAITED)
		CALL(CALL_FUTEX, (uintptr_t)&word, WAKE_PRIVATE, 1);
}

uintptr_t heap_linux_lock(void *ctx)
{
	(void)ctx;
	if (is_alone())
		return ALONE;
	if (!take_if_open())
		wait_and_take();
	return 0;
}

void heap_linux_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	if (state != ALONE)
		let_go();
}

/* ---- fork ------------------------------------------------------------- */

void heap_linux_before_fork(void)
{
	if (!take_if_open())
		wait_and_take();
}

void heap_linux_in_parent(void)
{
	let_go();
}

/* Nobody waits here: the threads that did are not in this process. */
void heap_linux_in_child(void)
{
	__atomic_store_n(&word, OPEN, __ATOMIC_RELEASE);
}

/* ---- reports ---------------------------------------------------------- */

uintptr_t heap_linux_thread(void *ctx)
{
	(void)ctx;
	return CALL(CALL_GETTID, 0);
}

uintptr_t heap_linux_seed(void *ctx)
{
	uintptr_t seed = 0;

	(void)ctx;
	CALL(CALL_GETRANDOM, (uintptr_t)&seed, sizeof(seed), RANDOM_NOW);
	return seed;
}

void heap_linux_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	while (n != 0) {
		uintptr_t done =
			CALL(CALL_WRITE, STANDARD_ERROR, (uintptr_t)bytes, n);

		if (done == CALL_EINTR)
			continue;
		if (call_failed(done) || done == 0)
			break;
		bytes += done;
		n -= done;
	}
}

void heap_linux_fault(void *ctx, const struct heap_fault *fault)
{
	uintptr_t process = CALL(CALL_GETPID, 0);

	heap_port_report(&heap_port_default, fault);
	CALL(CALL_TGKILL, process, heap_linux_thread(ctx), SIGNAL_ABORT);
	/* Somebody handles that signal, and returned. */
	for (;;)
		CALL(CALL_EXIT_GROUP, 128 + SIGNAL_ABORT);
}

#endif
