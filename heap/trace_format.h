/* SPDX-License-Identifier: MIT */
/*
 * How a trace is written: what the recorder and tools/trace/ agree on.
 *
 * Numbers are unsigned and in LEB128: seven bits a byte, the lowest first, bit 7
 * set in all bytes but the last.  So a trace has no word size or byte order of
 * its own.
 *
 *	trace   = magic header record*
 *	header  = word start hz flags anchor base code code_size code_sum
 *	          id_size id_byte*
 *	record  = kind field* [tag] [order] [time]
 *
 * magic      TRACE_MAGIC, 8 bytes; the last is the version.
 * word       bits of a pointer: 32 or 64.
 * start      time stamp of the start, in units of which there are `hz` a
 *            second; hz 0 says that the unit is not known.
 * flags      0; to be.
 * anchor     where heap_trace_anchor, a function, was: what its address in the
 *            ELF file differs from that is how far the program was moved.
 * base       pointers are told from here on: (p - base) modulo 2^word, rotated
 *            right by log2 of the alignment, 3 or 4; so blocks give small
 *            numbers, and no bit of a bad pointer is lost.
 * code ...   address and bytes of what the program's identity is made of, and
 *            its sum (trace_sum); size 0: the trace does not know its program.
 *            Return addresses are told as (caller - code) modulo 2^word.
 * id         the program's build id, when it was told: id_size bytes as such.
 *
 * kind       a byte: enum trace_kind, and flags that say what else there is.
 * field      of the kind, see there.
 * tag        TRACE_HAS_TAG: not 0.
 * order      TRACE_HAS_ORDER: this event's number less that of the event
 *            before it and 1, in zigzag (0, -1, 1, -2, ... as 0, 1, 2, 3, ...).
 *            Absent: it is the next one.  Threads may be told in any order.
 * time       TRACE_HAS_TIME: units since the record before it.
 */
#ifndef HEAP_TRACE_FORMAT_H
#define HEAP_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC      "heaptrc\1"
#define TRACE_MAGIC_SIZE 8

/* What one LEB128 number takes at most, and a header. */
#define TRACE_NUMBER_MAX   10
#define TRACE_BUILD_ID_MAX 32
#define TRACE_HEADER_MAX                                                       \
	(TRACE_MAGIC_SIZE + 10 * TRACE_NUMBER_MAX + TRACE_BUILD_ID_MAX)

/* Kinds of records; fields are in the order in which they come. */
enum trace_kind {
	TRACE_ALLOC = 1,  /* mem, asked, caller; mem NULL: refused         */
	TRACE_ALIGNED,    /* mem, asked, caller, align                     */
	TRACE_FREE,       /* old, caller                                   */
	TRACE_BAD_FREE,   /* old, caller: `old` is not a sound block       */
	TRACE_RESIZING,   /* old                                           */
	TRACE_RESIZED,    /* old, mem, asked, caller; mem NULL: refused    */
	TRACE_BAD_RESIZE, /* old, asked, caller: `old` is not sound       */
	TRACE_GROWN,      /* mem, size: the heap's new end, bytes          */
	TRACE_TRIMMED,    /* mem, size: likewise                           */
	TRACE_RESET,      /* all blocks are gone                           */
	TRACE_FAULT,      /* fault kind, invariant, chunk, mem, caller     */
	TRACE_LOST,       /* how many records are missing here             */
	TRACE_MARK,       /* the program's number                          */
	TRACE_END         /* lost in all: the recorder was stopped here    */
};
#define TRACE_KIND      0x0f
#define TRACE_HAS_ORDER 0x10
#define TRACE_HAS_TAG   0x20
#define TRACE_HAS_TIME  0x40

/* What the fields of a kind are. */
enum trace_field {
	TRACE_NO_FIELD,
	TRACE_MEM,    /* a pointer told from `base`        */
	TRACE_OLD,    /* likewise                          */
	TRACE_CHUNK,  /* likewise                          */
	TRACE_CALLER, /* a code address told from `code`   */
	TRACE_BYTES,  /* asked, grown, trimmed             */
	TRACE_ALIGN,  /* bytes                             */
	TRACE_NUMBER, /* anything else                     */
	TRACE_NUMBER2
};
#define TRACE_FIELDS_MAX 5

static const uint8_t trace_fields[TRACE_KIND + 1][TRACE_FIELDS_MAX] = {
	[TRACE_ALLOC] = {TRACE_MEM, TRACE_BYTES, TRACE_CALLER},
	[TRACE_ALIGNED] = {TRACE_MEM, TRACE_BYTES, TRACE_CALLER, TRACE_ALIGN},
	[TRACE_FREE] = {TRACE_OLD, TRACE_CALLER},
	[TRACE_BAD_FREE] = {TRACE_OLD, TRACE_CALLER},
	[TRACE_RESIZING] = {TRACE_OLD},
	[TRACE_RESIZED] = {TRACE_OLD, TRACE_MEM, TRACE_BYTES, TRACE_CALLER},
	[TRACE_BAD_RESIZE] = {TRACE_OLD, TRACE_BYTES, TRACE_CALLER},
	[TRACE_GROWN] = {TRACE_MEM, TRACE_BYTES},
	[TRACE_TRIMMED] = {TRACE_MEM, TRACE_BYTES},
	[TRACE_FAULT] = {TRACE_NUMBER, TRACE_NUMBER2, TRACE_CHUNK, TRACE_MEM,
			 TRACE_CALLER},
	[TRACE_LOST] = {TRACE_NUMBER},
	[TRACE_MARK] = {TRACE_NUMBER},
	[TRACE_END] = {TRACE_NUMBER},
};

/* The most bytes of a record on this machine: kind, fields, tag, order, time. */
#define TRACE_RECORD_MAX                                                       \
	(1 + (TRACE_FIELDS_MAX + 3) * ((8 * sizeof(uintptr_t) + 6) / 7))

/* A sum over bytes that tells programs apart: FNV-1a, 32 bits. */
#define TRACE_SUM_START 2166136261u

static inline uint32_t trace_sum(uint32_t sum, const void *bytes, size_t n)
{
	const unsigned char *at = (const unsigned char *)bytes;

	while (n-- != 0)
		sum = (sum ^ *at++) * 16777619u;
	return sum;
}

/*
 * The memory that the recorder keeps records in, as a debugger or the program
 * after a warm reset finds it.  Offsets are into the bytes behind the struct:
 * the records from `tail` up to `head`, going round at `size`.  The processor's
 * byte order: little-endian everywhere.
 */
#define TRACE_RING_MAGIC "heapring"

struct trace_ring {
	uint8_t magic[TRACE_MAGIC_SIZE];
	uint32_t size;        /* bytes behind the struct                     */
	uint32_t header_size; /* of `header` in use: what a trace begins with */
	uint32_t check;       /* trace_sum of the two above and the header   */
	uint32_t lost; /* records that newer ones have taken the place of */
	uint32_t tail;
	uint32_t head;
	uint8_t header[(TRACE_HEADER_MAX + 7) / 8 * 8];
};

static inline uint32_t trace_ring_check(const struct trace_ring *ring)
{
	uint32_t sum =
		trace_sum(TRACE_SUM_START, &ring->size, sizeof(ring->size));

	sum = trace_sum(sum, &ring->header_size, sizeof(ring->header_size));
	return trace_sum(sum, ring->header, ring->header_size);
}

#endif
