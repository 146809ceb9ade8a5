/* SPDX-License-Identifier: MIT */
/* Uses the native API, and malloc as well. */
#include <stdlib.h>

#include "heap.h"
#include "witness.h"

int main(void)
{
	void *p = heap_alloc(&heap_default, 100);
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	SHOW(s.used_chunks == 1);
#ifdef WITH_MALLOC
	free(malloc(WITH_MALLOC));
#endif
	SHOW(inside(p));
	heap_free(&heap_default, p);
	return shown();
}
