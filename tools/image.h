/* SPDX-License-Identifier: MIT */
/* A linked program: its sections and symbols, read from an ELF file. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "refuse.h"

struct image_section {
	char *name;
	uint64_t addr; /* of its first byte when the program runs */
	uint64_t size; /* bytes                                   */
	bool in_memory;
	bool has_bytes; /* its bytes are in the file, unlike .bss's */
};

struct image_symbol {
	char *name;
	uint64_t addr; /* without the bit that marks Thumb code   */
	uint64_t size; /* bytes, 0 when the file does not say     */
	bool global;
};

struct image {
	const char *path;
	const char *machine; /* "Arm", "RISC-V", ... */
	struct image_section *sections;
	size_t section_count;
	struct image_symbol *symbols; /* defined ones only */
	size_t symbol_count;
};

/*
 * Read `path`.  Returns only when it is a linked program for a machine that
 * the heap runs on, with symbols and not cut short; else says what is wrong
 * and exits with status 2.
 */
void image_read(struct image *image, const char *path);

/* The symbol of that name, a global one if there are several; or NULL. */
const struct image_symbol *image_symbol(const struct image *image,
					const char *name);

#endif
