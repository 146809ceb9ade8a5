/* SPDX-License-Identifier: MIT */
/*
 * `shade` callbacks that let tools of the host see the blocks of a heap.  Each
 * sits in an archive of its own, heap-debug.a with another heap_port_default:
 *
 *   build/host/heap-asan.a      for programs built with -fsanitize=address,
 *                               which call heap_alloc and its like: malloc is
 *                               the sanitizer's
 *   build/host/heap-valgrind.a  for Valgrind's memcheck; malloc too, with
 *                               --soname-synonyms=somalloc=nouserintercepts
 */
#ifndef HEAP_SHADE_H
#define HEAP_SHADE_H

#include "heap_host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Poison what is not the program's. */
void heap_shade_asan(void *ctx, enum heap_shade what, const void *mem, size_t n,
		     size_t was);

/* Tell memcheck of blocks, and that all else is not to be touched. */
void heap_shade_valgrind(void *ctx, enum heap_shade what, const void *mem,
			 size_t n, size_t was);

/*
 * heap_host_lock and its counterpart; in between nothing is reported, since
 * the heap itself looks at what nobody may touch.
 */
uintptr_t heap_shade_lock(void *ctx);
void heap_shade_unlock(void *ctx, uintptr_t state);

#ifdef __cplusplus
}
#endif

#endif
