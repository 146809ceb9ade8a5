/* SPDX-License-Identifier: MIT */
/*
 * malloc over a region without memory: reversed, empty, or of too few bytes.  All
 * is refused with ENOMEM, and none of the bytes around the symbols is written.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "../must.h"
#include "heap.h"

extern char boot_low[], boot_high[];

static void check_refused(const void *p)
{
	must(p == NULL, "memory from nowhere");
	must(errno == ENOMEM, "NULL without ENOMEM");
	errno = 0;
}

int main(void)
{
	for (volatile char *at = boot_low; at < boot_high; at++)
		*at = 0x5a;
	for (size_t n = 1; n < 4096; n *= 2) {
		check_refused(malloc(n));
		check_refused(calloc(n, 2));
		check_refused(realloc(NULL, n));
		check_refused(memalign(64, n));
	}
	free(NULL);
	must(heap_check(&heap_default, NULL) == HEAP_OK, "an empty heap");
	must(!heap_trim(&heap_default, 0), "something to trim");
	for (volatile char *at = boot_low; at < boot_high; at++)
		must(*at == 0x5a, "a byte is written");
	return 0;
}
