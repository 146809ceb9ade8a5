/* SPDX-License-Identifier: MIT */
/*
 * picolibc's errno is thread-local, and lies near address 0 until the startup
 * has called _set_tls.  The family must not write it without need: 0 is where
 * the vectors are.  With -DFAIL an allocation fails, which has to write it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

int posix_memalign(void **memptr, size_t align, size_t n);
void *aligned_alloc(size_t align, size_t n);
void _set_tls(void *tls);
extern char __arm32_tls_tcb_offset[];

#define MPU_CTRL (*(volatile uint32_t *)0xe000ed94u)
#define MPU_RNR  (*(volatile uint32_t *)0xe000ed98u)
#define MPU_RBAR (*(volatile uint32_t *)0xe000ed9cu)
#define MPU_RASR (*(volatile uint32_t *)0xe000eda0u)

/* The 256 bytes at 0 may be read only; all else is as without the MPU. */
static void protect_vectors(void)
{
	MPU_RNR = 0;
	MPU_RBAR = 0;
	MPU_RASR = 6u << 24 | 7u << 1 | 1u;
	MPU_CTRL = 4 | 1;
	__asm__ volatile("dsb\n\tisb" ::: "memory");
}

int main(void)
{
	void *q = NULL;

	/* As before startup's call. */
	_set_tls(__arm32_tls_tcb_offset);
	protect_vectors();

	char *p = malloc(100);

	SHOW(inside(p));
	p = realloc(p, 1000);
	SHOW(inside(p));
	free(p);
	SHOW(posix_memalign(&q, 64, 10) == 0 && inside(q));
	free(q);
	q = calloc(3, 5);
	SHOW(inside(q));
	free(q);
	q = aligned_alloc(128, 5);
	SHOW(inside(q));
	free(q);
	p = strdup("before anything");
	SHOW(inside(p));
	free(p);
#ifdef FAIL
	free(malloc(0x40000000));
#endif
	return shown();
}
