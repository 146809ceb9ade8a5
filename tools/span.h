/* SPDX-License-Identifier: MIT */
/* Where the heap may grow: the region's symbols, and what is in the way. */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>

struct image;
struct map;

/*
 * Tell of the region and note problems with it.  `map` may be NULL.  The heap
 * that serves malloc grows through the sbrk of a program that brings one.
 */
void span_check(const struct image *image, const struct map *map,
		bool serves_malloc);

#endif
