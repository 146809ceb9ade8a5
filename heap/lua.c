/* SPDX-License-Identifier: MIT */
/* L4: an allocator in Lua's manner. */
#include "heap_tags.h"

#if HEAP_CHECK != 0

void *heap_lua_alloc(void *ud, void *p, size_t osize, size_t nsize)
{
	const void *caller = __builtin_return_address(0);
	const struct heap_lua *lua = ud;
	struct heap *h = lua->heap;
	unsigned was = heap_tag_set(h, lua->tag);

	/* Of a new block osize says what kind of object it is for. */
	(void)osize;
	if (nsize != 0) {
		p = heap_resize_from(h, p, nsize, caller);
	} else {
		heap_free_from(h, p, caller);
		p = NULL;
	}
	if (was != HEAP_TAG_NONE)
		heap_tag_set(h, was);
	return p;
}

#endif
