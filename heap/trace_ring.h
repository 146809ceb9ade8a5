/* SPDX-License-Identifier: MIT */
/* The ring of struct trace_ring, for the recorder and for what a reset left. */
#ifndef HEAP_TRACE_RING_H
#define HEAP_TRACE_RING_H

#include "heap_trace.h"
#include "trace_format.h"

/* Write a number; where it ends. */
static inline uint8_t *trace_number(uint8_t *to, uintptr_t number)
{
	while (number > 0x7f) {
		*to++ = (uint8_t)(number | 0x80);
		number >>= 7;
	}
	*to++ = (uint8_t)number;
	return to;
}

/* The ring in memory of *size bytes, of which *size are left; or NULL. */
static inline struct trace_ring *ring_in(void *memory, size_t *size)
{
	const uintptr_t rest = _Alignof(struct trace_ring) - 1;
	uintptr_t start = ((uintptr_t)memory + rest) & ~rest;
	size_t skip = start - (uintptr_t)memory;

	if (memory == NULL || *size < HEAP_TRACE_MEMORY_MIN)
		return NULL;
	*size -= skip + sizeof(struct trace_ring);
	if (*size > UINT32_MAX / 2)
		*size = UINT32_MAX / 2;
	return (struct trace_ring *)start;
}

/* Records must be there before head says so, also after a reset. */
static inline void ring_settle(void)
{
	__asm__ volatile("" ::: "memory");
}

static inline uint8_t *ring_bytes(struct trace_ring *ring)
{
	return (uint8_t *)(ring + 1);
}

static inline uint32_t ring_used(const struct trace_ring *ring)
{
	return ring->head >= ring->tail ? ring->head - ring->tail
					: ring->head + ring->size - ring->tail;
}

/* A full ring looks empty: one byte stays free. */
static inline uint32_t ring_room(const struct trace_ring *ring)
{
	return ring->size - 1 - ring_used(ring);
}

static inline uint32_t ring_after(const struct trace_ring *ring, uint32_t at)
{
	return at + 1 == ring->size ? 0 : at + 1;
}

static inline unsigned ring_field_count(uint8_t kind)
{
	const uint8_t *fields = trace_fields[kind & TRACE_KIND];
	unsigned n = 0;

	for (uint8_t flags = kind & ~TRACE_KIND & 0xff; flags != 0;
	     flags &= (uint8_t)(flags - 1))
		n++;

	for (unsigned i = 0; i < TRACE_FIELDS_MAX && fields[i] != 0; i++)
		n++;
	return n;
}

/* Where the record at `at` ends; no further than head. */
static inline uint32_t ring_record_end(struct trace_ring *ring, uint32_t at)
{
	const uint8_t *bytes = ring_bytes(ring);
	unsigned numbers = ring_field_count(bytes[at]);

	at = ring_after(ring, at);
	while (numbers != 0 && at != ring->head) {
		if ((bytes[at] & 0x80) == 0)
			numbers--;
		at = ring_after(ring, at);
	}
	return at;
}

/* Drop the oldest record; tail first, so that it is sound at any time. */
static inline void ring_drop(struct trace_ring *ring)
{
	ring->tail = ring_record_end(ring, ring->tail);
	ring->lost++;
	ring_settle();
}

/* There is room for n bytes. */
static inline void ring_append(struct trace_ring *ring, const uint8_t *from,
			       unsigned n)
{
	uint8_t *bytes = ring_bytes(ring);
	uint32_t at = ring->head;

	for (unsigned i = 0; i < n; i++) {
		bytes[at] = from[i];
		at = ring_after(ring, at);
	}
	ring_settle();
	ring->head = at;
}

#endif
