/* SPDX-License-Identifier: MIT */
/* Which allocators are in a program, and why. */
#ifndef ALLOCATORS_H
#define ALLOCATORS_H

#include <stdbool.h>

struct image;
struct map;

/* What there is; `map` may be NULL, and then less can be told. */
struct allocators {
	const struct image *image;
	const struct map *map;
	bool ours;             /* the engine of heap.a                        */
	bool ours_malloc;      /* malloc and its family are heap.a's          */
	unsigned others;       /* allocators that are not ours                */
	const char *libc;      /* whose allocator, when it is a libc's        */
	const char *sign;      /* the file that has it, or NULL               */
	const char *user;      /* a user's file that defines some of malloc's
			     family, or NULL                             */
	const char *user_name; /* which of it                            */
};

/* Look for allocators and print what there is. */
void allocators_find(struct allocators *found, const struct image *image,
		     const struct map *map);

/* Note problems with what was found. */
void allocators_judge(const struct allocators *found);

#endif
