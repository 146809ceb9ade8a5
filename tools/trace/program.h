/* SPDX-License-Identifier: MIT */
/* The traced program: from return addresses to names and lines. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

struct trace;

/*
 * Open the ELF file that the trace was recorded by.  Says what is wrong and
 * exits with status 2 when it is not a linked program, has no recorder, or is
 * not the program that the trace names.
 */
void program_open(const char *path, const struct trace *trace);

/*
 * A site is a place that allocates or frees; all calls on one line are one.
 * That of a return address; 0, which is "?", when the address is 0.  With line
 * information its name is "FILE:LINE (FUNCTION)"; without, as in a libc that
 * was built so, "FUNCTION (no line)"; else the address.
 */
unsigned program_site(uint64_t caller);
const char *program_site_name(unsigned site);

/*
 * A return address of the run as the file has it, for addr2line; as it is, when
 * it is none of the program.
 */
uint64_t program_address(uint64_t address);

/*
 * The name of a tag: from the program's heap_tag_names, as tools/heap-tags.pl
 * writes them, else "tag NUMBER".  Valid until the next call.
 */
const char *program_tag_name(unsigned tag);

#endif
