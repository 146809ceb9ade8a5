/* SPDX-License-Identifier: MIT */
/* The bytes of a trace, however they came to the desk. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
	uint8_t *bytes; /* header and records, as the recorder wrote them  */
	size_t size;
	size_t traces; /* how many were in the file; these are the last's */
	uint64_t lost; /* records that were overwritten in the ring       */
	bool is_ring;  /* the ring itself, which has no end mark          */
};

/* Says what is wrong and exits with status 2 when it is no trace. */
void source_read(struct source *source, const char *path);

#endif
