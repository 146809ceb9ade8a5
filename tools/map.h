/* SPDX-License-Identifier: MIT */
/* What ld tells in the map file of a link (-Wl,-Map=FILE). */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;

/* A piece of an input file, kept or discarded. */
struct map_piece {
	char *section;
	char *file; /* "main.o" or "path/libc.a(member.o)" */
	uint64_t addr;
	uint64_t size; /* bytes */
	bool kept;
};

/* Why a member was taken out of an archive. */
struct map_pull {
	char *member; /* "path/libc.a(member.o)"                   */
	char *by;     /* the file that needed it; "" for -u, EXTERN */
	char *symbol;
};

/* An area of the script's MEMORY. */
struct map_memory {
	char *name;
	uint64_t origin;
	uint64_t length; /* bytes */
};

struct map {
	const char *path;
	struct map_piece *pieces;
	size_t piece_count;
	struct map_pull *pulls;
	size_t pull_count;
	struct map_memory *memories;
	size_t memory_count;
	char **loads; /* the files that the link was given, in order */
	size_t load_count;
};

/*
 * Read `path`, the map of `image`.  Says what is wrong and exits with status 2
 * when it is not a map, or that of another program.
 */
void map_read(struct map *map, const char *path, const struct image *image);

/* The file whose code or data is at an address; NULL if the map has none. */
const char *map_file_at(const struct map *map, uint64_t addr);

/* Why that file is in the program; NULL if it is no archive's member. */
const struct map_pull *map_pull_of(const struct map *map, const char *file);

/* Whether that file has a section, kept or not, with this text in its name. */
bool map_file_has(const struct map *map, const char *file, const char *text);

#endif
