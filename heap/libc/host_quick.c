/* SPDX-License-Identifier: MIT */
/* Quick lists, but for their two inline functions. */
#include "host_quick.h"

#include "blocks.h"
#include "host_alone.h"

#if BLOCKS_MAP

struct quick heap_quick;

void heap_quick_tidy(void)
{
	uintptr_t none = 0, key = heap_linux_seed(NULL) | 1;

	__atomic_compare_exchange_n(&heap_quick.key, &none, key, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	if (!host_is_alone())
		heap_quick_flush();
}

/*
 * Each list is taken at once: when there are threads by now, another may be
 * about the same.
 */
bool heap_quick_flush(void)
{
	bool any = false;

	for (size_t unit = 0; unit < QUICK_UNITS; unit++) {
		struct quick_block *p, *next;

		if (__atomic_load_n(&heap_quick.head[unit], __ATOMIC_RELAXED) ==
		    NULL)
			continue;
		p = __atomic_exchange_n(&heap_quick.head[unit], NULL,
					__ATOMIC_ACQ_REL);
		heap_quick.bytes[unit] = 0;
		any = true;
		for (; p != NULL; p = next) {
			next = p->next;
			if (HEAP_CHECK != 0 && p->key != heap_quick.key)
				break;
			p->key = 0;
			heap_free_from(&heap_default, p, NULL);
		}
	}
	return any;
}

static void tell(enum heap_fault_kind kind, const void *mem, const void *caller)
{
	const struct heap_port *port = heap_default.port;
	const struct heap_fault fault = {
		.kind = kind,
		.heap = &heap_default,
		.chunk = mem != NULL ? mem_to_chunk(mem) : NULL,
		.mem = mem,
		.caller = caller,
	};

	if (port->fault != NULL)
		port->fault(port->ctx, &fault);
}

WORD_COLD void heap_quick_damaged(size_t unit, const void *caller)
{
	heap_quick.head[unit] = NULL;
	heap_quick.bytes[unit] = 0;
	tell(HEAP_FAULT_LINK, NULL, caller);
}

WORD_COLD bool heap_quick_is_freed(const struct chunk *c, const void *caller)
{
	const struct bins *b = &heap_default.bins;
	size_t unit = chunk_head_size(c) / HEAP_ALIGN;
	const struct quick_block *q = heap_quick.head[unit];

	for (size_t n = QUICK_BYTES / QUICK_LEAST; n != 0 && q != NULL; n--) {
		if (mem_to_chunk(q) == c) {
			tell(HEAP_FAULT_NOT_USED, q, caller);
			return true;
		}
		if (hull_index(bins_hull(b), mem_to_chunk(q)) >= b->units)
			break;
		q = q->next;
	}
	return false;
}

#endif
