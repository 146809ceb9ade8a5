/* SPDX-License-Identifier: MIT */
/*
 * What the programs in this folder share: a port of their own, and the names
 * of the malloc family.
 *
 * The port takes its memory from tap_arena, so that an address tells whose
 * malloc ran, and keeps what the heap said to it.  Each program is one object
 * that includes this file once: that it defines heap_port_default is itself
 * the test that an object's port takes the place of the archive's.
 */
#ifndef OWN_PORT_H
#define OWN_PORT_H

#include <errno.h>
#include <stdlib.h>

#include "heap.h"
#include "tap.h"

/* No libc declares all of them. */
void *reallocarray(void *p, size_t count, size_t n);
void *reallocf(void *p, size_t n);
void *memalign(size_t align, size_t n);
void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **memptr, size_t align, size_t n);
void *valloc(size_t n);
void *pvalloc(size_t n);
void cfree(void *p);
size_t malloc_usable_size(void *p);
int mallopt(int parameter, int value);
int malloc_trim(size_t pad);
void malloc_stats(void);

/* At most so much of the arena: the debug heap checks all of it every time. */
#define OWN_ARENA_MAX 49152

static char *own_arena(size_t *n)
{
	char *arena = tap_arena(n);

	if (*n > OWN_ARENA_MAX)
		*n = OWN_ARENA_MAX;
	return arena;
}

static struct {
	size_t brk;  /* bytes of the arena handed out        */
	bool refuse; /* sbrk shall say no                    */
	bool in_isr; /* what in_isr shall say                */
	int noise;   /* errno that every callback leaves     */
	bool locked;
	unsigned lock_errors; /* nested, unpaired or in a callback    */
	unsigned faults;
	struct heap_fault fault; /* the last one                         */
	char text[768];          /* what went to write                   */
	size_t text_used;
} own;

static void own_noise(void)
{
	if (own.noise != 0)
		errno = own.noise;
}

static void *own_sbrk(void *ctx, ptrdiff_t increment)
{
	size_t n;
	char *arena = own_arena(&n);
	char *old = arena + own.brk;

	(void)ctx;
	own_noise();
	own.lock_errors += !own.locked;
	if (increment > 0 && (own.refuse || (size_t)increment > n - own.brk))
		return (void *)-1;
	if (increment < 0 && (size_t)0 - (size_t)increment > own.brk)
		return (void *)-1;
	own.brk += (size_t)increment;
	return old;
}

static uintptr_t own_lock(void *ctx)
{
	(void)ctx;
	own_noise();
	own.lock_errors += own.locked;
	own.locked = true;
	return 0x10cced;
}

static void own_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	own_noise();
	own.lock_errors += !own.locked || state != 0x10cced;
	own.locked = false;
}

static bool own_in_isr(void *ctx)
{
	(void)ctx;
	own_noise();
	return own.in_isr;
}

static void own_write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	own.lock_errors += own.locked;
	for (size_t i = 0; i < n && own.text_used < sizeof(own.text) - 1; i++)
		own.text[own.text_used++] = bytes[i];
}

static void own_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	own_noise();
	own.lock_errors += own.locked;
	own.faults++;
	own.fault = *fault;
}

const struct heap_port heap_port_default = {
	.sbrk = own_sbrk,
	.lock = own_lock,
	.unlock = own_unlock,
	.in_isr = own_in_isr,
	.write = own_write,
	.fault = own_fault,
};

/* ---- small helpers --------------------------------------------------- */

#define UNUSED_IN_SOME __attribute__((unused))

/* Keep a value from the compiler, which knows what malloc and free mean. */
UNUSED_IN_SOME static void *hidden(void *p)
{
	__asm__ volatile("" : "+r"(p));
	return p;
}

UNUSED_IN_SOME static size_t size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

/* A block from our heap: in the arena, below the break, aligned. */
UNUSED_IN_SOME static bool ours(const void *p)
{
	size_t n;
	uintptr_t offset = (uintptr_t)p - (uintptr_t)own_arena(&n);

	return p != NULL && offset < own.brk && offset % HEAP_ALIGN == 0;
}

UNUSED_IN_SOME static size_t in_use(void)
{
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	return s.in_use;
}

/* What every test may end with: nothing was said, nothing is broken. */
UNUSED_IN_SOME static void check_sound(void)
{
	CHECK_EQ(own.faults, 0);
	CHECK_EQ(own.lock_errors, 0);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

/* Fill n bytes with a pattern that depends on seed; is it still there? */
UNUSED_IN_SOME static void fill(void *p, size_t n, unsigned seed)
{
	unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(seed + 7 * i + 1);
}

UNUSED_IN_SOME static bool filled(const void *p, size_t n, unsigned seed)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		if (bytes[i] != (unsigned char)(seed + 7 * i + 1))
			return false;
	return true;
}

UNUSED_IN_SOME static bool zero(const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* A number that changes when any byte of the arena does. */
UNUSED_IN_SOME static uint32_t arena_hash(void)
{
	size_t n;
	const char *arena = own_arena(&n);
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)arena[i]) * 16777619u;
	return hash;
}

#endif
