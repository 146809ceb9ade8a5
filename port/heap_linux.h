/* SPDX-License-Identifier: MIT */
/*
 * The port for Linux on x86-64 and i386, without a libc: raw system calls.
 *
 * Callbacks ignore `ctx` and serve the one heap behind malloc.  None touches
 * errno or thread-local storage, so that all work from the first instruction
 * of a process on.  Not from a signal handler that may interrupt the heap.
 */
#ifndef HEAP_LINUX_H
#define HEAP_LINUX_H

#include "heap_port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where this port is there: HEAP_LINUX is 1. */
#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))
#define HEAP_LINUX 1
#else
#define HEAP_LINUX 0
#endif

#define HEAP_LINUX_PAGE 4096

/* ---- the break -------------------------------------------------------- */

/*
 * Move the process's break; what sbrk(2) does.  Returns the old break, or
 * (void *)-1 iff the sum wraps, or the kernel refuses: behind RLIMIT_DATA or
 * RLIMIT_AS, into another mapping, or below where the break began.  The break
 * is then unchanged.  Asks the kernel where the break is, so that others may
 * move it too.  Two system calls.
 */
void *heap_linux_break(ptrdiff_t increment);

/*
 * The heap's sbrk: the break, and when the kernel refuses to move it, a
 * mapping with a break of its own, at least HEAP_LINUX_ARENA bytes if there
 * are so many.  What is given back there costs no memory any more.
 */
#define HEAP_LINUX_ARENA ((size_t)1 << 20)
void *heap_linux_sbrk(void *ctx, ptrdiff_t increment);

/* ---- pages ------------------------------------------------------------ */

/*
 * n bytes of fresh zero pages, n a multiple of a page; NULL when the kernel
 * has none, or n is 0 or above PTRDIFF_MAX.
 */
void *heap_linux_map(size_t n);

/* Give pages back.  False, and nothing done, when the kernel refuses. */
bool heap_linux_unmap(void *page, size_t n);

/* Make a mapping larger or smaller; it may move.  NULL: it is as it was. */
void *heap_linux_remap(void *page, size_t was, size_t n);

/* Is there anything at this page? */
bool heap_linux_is_mapped(const void *page);

/* Let the n bytes at p be zero: whole pages among them cost nothing then. */
void heap_linux_drop(void *p, size_t n);

/* ---- the other callbacks ---------------------------------------------- */

/*
 * A futex: who waits sleeps.  Where glibc says that there is one thread
 * (__libc_single_threaded), nothing is locked.
 */
uintptr_t heap_linux_lock(void *ctx);
void heap_linux_unlock(void *ctx, uintptr_t state);

/*
 * Before fork, and after it in the parent and in the child: the child then
 * has a sound heap whatever other threads were at.  malloc in heap.a sees to
 * it by pthread_atfork; who forks by a raw system call calls them himself.
 */
void heap_linux_before_fork(void);
void heap_linux_in_parent(void);
void heap_linux_in_child(void);

/* The kernel's id of the running thread. */
uintptr_t heap_linux_thread(void *ctx);

/* A random word; 0 when the kernel has none yet. */
uintptr_t heap_linux_seed(void *ctx);

/* To the standard error, unbuffered. */
void heap_linux_write(void *ctx, const char *bytes, size_t n);

/* Report through the write of heap_port_default, then end by SIGABRT. */
void heap_linux_fault(void *ctx, const struct heap_fault *fault);

/*
 * Defined beside our heap_port_default and nowhere else: a program that brings
 * a port of its own gets its memory from that alone, none by mmap.
 */
extern const char heap_linux_is_default;

#ifdef __cplusplus
}
#endif

#endif
