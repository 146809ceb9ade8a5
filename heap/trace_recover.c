/* SPDX-License-Identifier: MIT */
/* What an earlier run has left in memory that outlived a reset. */
#include "trace_ring.h"

/* Do the records lead from tail to head? */
static bool ring_is_sound(struct trace_ring *ring, size_t size)
{
	for (unsigned i = 0; i < TRACE_MAGIC_SIZE; i++)
		if (ring->magic[i] != (uint8_t)TRACE_RING_MAGIC[i])
			return false;
	if (ring->size != size || ring->header_size > sizeof(ring->header) ||
	    ring->check != trace_ring_check(ring) || ring->head >= size ||
	    ring->tail >= size)
		return false;
	for (uint32_t at = ring->tail; at != ring->head;
	     at = ring_record_end(ring, at))
		if ((ring_bytes(ring)[at] & TRACE_KIND) == 0 ||
		    (ring_bytes(ring)[at] & TRACE_KIND) > TRACE_END)
			return false;
	return true;
}

bool heap_trace_recover(void *memory, size_t size,
			void (*write)(void *ctx, const void *bytes, size_t n),
			void *ctx)
{
	struct trace_ring *ring = ring_in(memory, &size);
	uint8_t number[1 + TRACE_NUMBER_MAX];

	if (ring == NULL || !ring_is_sound(ring, size))
		return false;
	write(ctx, ring->header, ring->header_size);
	if (ring->lost != 0) {
		number[0] = TRACE_LOST;
		write(ctx, number,
		      (size_t)(trace_number(number + 1, ring->lost) - number));
	}
	if (ring->head < ring->tail) {
		write(ctx, ring_bytes(ring) + ring->tail,
		      ring->size - ring->tail);
		ring->tail = 0;
	}
	write(ctx, ring_bytes(ring) + ring->tail, ring->head - ring->tail);
	number[0] = TRACE_END;
	write(ctx, number,
	      (size_t)(trace_number(number + 1, ring->lost) - number));
	ring->magic[0] = 0;
	return true;
}
