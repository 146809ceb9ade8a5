/* SPDX-License-Identifier: MIT */
/* Memory from Linux: the break, arenas where there is none, pages. */
#include "heap_linux.h"

#if HEAP_LINUX

#include "linux_call.h"

#define FAILED ((void *)-1)
#define PAGE   ((uintptr_t)HEAP_LINUX_PAGE)

enum { READ_WRITE = 3, PRIVATE_ANONYMOUS = 0x22, MAY_MOVE = 1, DONT_NEED = 4 };

/* An arena becomes twice as large as the last one, up to this. */
#define ARENA_MOST ((size_t)64 << 20)

/* The heap's break when it is not the process's: `start` says so. */
static struct heap_region arena;
static size_t arena_size = HEAP_LINUX_ARENA;

/* ---- the break -------------------------------------------------------- */

void *heap_linux_break(ptrdiff_t increment)
{
	uintptr_t now = CALL(CALL_BRK, 0);
	uintptr_t to = now + (uintptr_t)increment;

	if (increment < 0 ? to > now : to < now)
		return FAILED;
	/* The kernel answers where the break is then, moved or not. */
	if (increment != 0 && CALL(CALL_BRK, to) != to)
		return FAILED;
	return (void *)now;
}

static bool map_arena(size_t need)
{
	size_t n = arena_size;

	if (need > PTRDIFF_MAX - PAGE)
		return false;
	need = (need + PAGE - 1) & ~(PAGE - 1);
	for (n = n > need ? n : need;; n = n / 2 > need ? n / 2 : need) {
		char *start = heap_linux_map(n);

		if (start != NULL) {
			arena = (struct heap_region){start, start + n, start};
			if (n >= arena_size && arena_size < ARENA_MOST)
				arena_size *= 2;
			return true;
		}
		if (n == need)
			return false;
	}
}

void *heap_linux_sbrk(void *ctx, ptrdiff_t increment)
{
	void *old;

	(void)ctx;
	if (arena.start == NULL)
		old = heap_linux_break(increment);
	else
		old = heap_region_sbrk(&arena, increment);
	if (old == FAILED && increment > 0 && map_arena((size_t)increment))
		return heap_region_sbrk(&arena, increment);
	if (old != FAILED && increment < 0 && arena.start != NULL)
		heap_linux_drop(arena.brk, 0 - (size_t)increment);
	return old;
}

/* ---- pages ------------------------------------------------------------ */

void *heap_linux_map(size_t n)
{
	uintptr_t at;

	if (n == 0 || n > PTRDIFF_MAX)
		return NULL;
	at = CALL(CALL_MMAP, 0, n, READ_WRITE, PRIVATE_ANONYMOUS,
		  (uintptr_t)-1);
	return call_failed(at) ? NULL : (void *)at;
}

bool heap_linux_unmap(void *page, size_t n)
{
	return !call_failed(CALL(CALL_MUNMAP, (uintptr_t)page, n));
}

void *heap_linux_remap(void *page, size_t was, size_t n)
{
	uintptr_t at;

	if (n == 0 || n > PTRDIFF_MAX)
		return NULL;
	at = CALL(CALL_MREMAP, (uintptr_t)page, was, n, MAY_MOVE);
	return call_failed(at) ? NULL : (void *)at;
}

bool heap_linux_is_mapped(const void *page)
{
	unsigned char resident;

	return !call_failed(CALL(CALL_MINCORE, (uintptr_t)page & ~(PAGE - 1), 1,
				 (uintptr_t)&resident));
}

void heap_linux_drop(void *p, size_t n)
{
	uintptr_t from = ((uintptr_t)p + PAGE - 1) & ~(PAGE - 1);
	uintptr_t to = ((uintptr_t)p + n) & ~(PAGE - 1);

	if (from < to)
		CALL(CALL_MADVISE, from, to - from, DONT_NEED);
}

#endif
