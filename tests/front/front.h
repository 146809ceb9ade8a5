/* SPDX-License-Identifier: MIT */
/*
 * What the suites of malloc on Linux share: the port of Linux but for a `fault`
 * that only records, and blocks of which the compiler knows nothing.  Each
 * program is one object that includes this file once.
 */
#ifndef FRONT_H
#define FRONT_H

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "heap.h"
#include "heap_linux.h"
#include "tap.h"

#define UNUSED_IN_SOME __attribute__((unused))

#define WORD           sizeof(size_t)
/* Blocks of n bytes that wait at most, as host_quick.h has it. */
#define QUICK_MOST(n) (2048 / (((n) + WORD + 15) / 16 * 16))
/* Mapped, however many came and went before. */
#define LARGE (SIZE_MAX > 0xffffffffu ? (size_t)33 << 20 : (size_t)600 << 10)

/* volatile: glibc says that free and the like call nobody back. */
static volatile unsigned faults;
static struct heap_fault last;

static void record(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	faults++;
	last = *fault;
}

static unsigned locks, unlocks;

static uintptr_t count_lock(void *ctx)
{
	locks++;
	return heap_linux_lock(ctx);
}

static void count_unlock(void *ctx, uintptr_t state)
{
	unlocks++;
	heap_linux_unlock(ctx, state);
}

const char heap_linux_is_default = 0;
const struct heap_port heap_port_default = {
	.sbrk = heap_linux_sbrk,
	.lock = count_lock,
	.unlock = count_unlock,
	.thread = heap_linux_thread,
	.seed = heap_linux_seed,
	.write = heap_linux_write,
	.fault = record,
};

UNUSED_IN_SOME static void *hidden(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

UNUSED_IN_SOME static size_t size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

/*
 * A block of which the compiler knows nothing.  A small one does not lie where a
 * mapped one might: these take another way.
 */
UNUSED_IN_SOME static void *get(size_t n)
{
	void *p = hidden(malloc(size(n))), *q = p;

	if (p != NULL && n < 4096 && ((uintptr_t)p & 0xfbf) == 0) {
		q = hidden(malloc(size(n)));
		heap_free(&heap_default, p);
	}
	return q;
}

/* From here on the front serves small blocks, if it does at all. */
UNUSED_IN_SOME static void start(void)
{
	free(get(1));
	malloc_trim(0);
	faults = 0;
	last = (struct heap_fault){0};
}

UNUSED_IN_SOME static void told(enum heap_fault_kind kind, const void *mem)
{
	CHECK_EQ(faults, 1);
	CHECK_EQ(last.kind, kind);
	CHECK_PTR_EQ(last.mem, mem);
	faults = 0;
}

UNUSED_IN_SOME static void check_sound(void)
{
	CHECK_EQ(faults, 0);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

UNUSED_IN_SOME static size_t used_chunks(void)
{
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	return s.used_chunks;
}

/* Addresses from the kernel run out, but for `more` bytes. */
static struct rlimit unlimited;

UNUSED_IN_SOME static void limit_memory(size_t more)
{
	struct rlimit limit;
	unsigned long pages = 0;
	char text[32] = {0};
	int file = open("/proc/self/statm", 0);

	CHECK(file >= 0 && read(file, text, sizeof(text) - 1) > 0);
	close(file);
	for (const char *at = text; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + (unsigned long)(*at - '0');
	getrlimit(RLIMIT_AS, &unlimited);
	limit = unlimited;
	limit.rlim_cur = pages * 4096 + more;
	setrlimit(RLIMIT_AS, &limit);
}

UNUSED_IN_SOME static void unlimit(void)
{
	setrlimit(RLIMIT_AS, &unlimited);
}

#endif
