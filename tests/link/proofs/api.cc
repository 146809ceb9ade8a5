// SPDX-License-Identifier: MIT
// C++ that calls heap.h, with a port of its own in C++.
#include "heap.h"
#include "heap_cortex_m.h"
#include "witness.h"

static char pool[2048];
static unsigned faults;

static void fault(void *, const heap_fault *what)
{
	faults += what->kind == HEAP_FAULT_NOT_USED;
}

static heap_port make_port()
{
	heap_port port = {};

	port.lock = heap_cortex_m_lock;
	port.unlock = heap_cortex_m_unlock;
	port.in_isr = heap_cortex_m_in_nmi;
	port.fault = fault;
	return port;
}

static bool count(void *chunks, const heap_chunk *chunk)
{
	*static_cast<unsigned *>(chunks) += chunk->state == HEAP_CHUNK_USED;
	return true;
}

int main()
{
	const heap_port port = make_port();
	heap *h = heap_create(pool, sizeof(pool), &port);
	void *p = heap_alloc(h, 100);
	void *q = heap_zalloc(h, 10);
	struct heap_stats s; // "struct", as there is a function of that name
	unsigned used = 0;

	SHOW(p >= pool && p < pool + sizeof(pool));
	heap_stats(h, &s);
	SHOW(s.used_chunks == 2);
	SHOW(heap_walk(h, count, &used) && used == 2);
	p = heap_resize(h, p, 300);
	SHOW(heap_usable_size(h, p) >= 300);
	heap_free(h, heap_alloc_aligned(h, 64, 64));
	heap_free(h, q);
	heap_free(h, q);
	SHOW(faults == 1);
	SHOW(heap_check(h, nullptr) == HEAP_OK);
	heap_destroy(h);

	p = heap_alloc(&heap_default, 50);
	SHOW(inside(p));
	heap_free(&heap_default, p);
	return shown();
}
