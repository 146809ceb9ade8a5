/* SPDX-License-Identifier: MIT */
/* The traced program: from return addresses to names and lines. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

struct trace;

/* A place that allocates or frees: all calls on one line are one. */
struct site {
	char *name;     /* "words.c:84 (words_add)"; see program_site */
	char *function; /* "words_add"; "?" when not known             */
};

/*
 * Open the ELF file that the trace was recorded by.  Says what is wrong and
 * exits with status 2 when it is not a linked program, has no recorder, or is
 * not the program that the trace names.
 */
void program_open(const char *path, const struct trace *trace);

/*
 * The number of the site of a return address; 0 when the address is 0.  With
 * line information the name is "FILE:LINE (FUNCTION)"; without, as in a libc
 * that was built without, "FUNCTION (no line)"; else the address.
 */
unsigned program_site(uint64_t caller);

/* Site 0 is "?". */
const struct site *program_site_at(unsigned number);
unsigned program_site_count(void);

#endif
