/* SPDX-License-Identifier: MIT */
/* Who has which address when, in cells. */
#ifndef TRACE_MAP_H
#define TRACE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;

#define MAP_COLUMNS 960 /* of time       */
#define MAP_ROWS    400 /* of addresses  */
#define MAP_COLOURS 8   /* the last one is for all who have none */

/* A run of addresses without large gaps; `place` is its start on the axis. */
struct area {
	uint64_t from, to, place;
};

/* What a cell shows. */
enum cell {
	CELL_ABSENT, /* not the heap's                                */
	CELL_FREE,   /* the heap's, of nobody                         */
	CELL_USED,   /* + 2 * colour, + 1 when less than half is used */
};

struct map {
	unsigned keys[MAP_COLOURS - 1]; /* sites or tags, by colour       */
	double weight[MAP_COLOURS];     /* bytes x time of each colour       */
	size_t colours;  /* keys in use                                 */
	bool has_others; /* the last colour is used too                 */
	struct area *areas;
	size_t area_count;
	uint64_t length; /* bytes of all areas                          */
	double duration; /* units of time                               */
	uint8_t (*cells)[MAP_COLUMNS]; /* MAP_ROWS, lowest address first */
};

void map_draw(struct map *map, const struct history *history, bool by_tag);

/* The byte's place on the axis of addresses. */
double map_place(const struct map *map, uint64_t address);

#endif
