/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "map.h"
#include "refuse.h"
#include "trace.h"

/* Addresses that nobody has are left out of the axis from this share on. */
#define GAP_SHARE 8

/* ---- the axis of addresses -------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct area *one = a;
	const struct area *two = b;

	return one->from < two->from ? -1 : one->from > two->from;
}

static void add_area(struct map *map, uint64_t from, uint64_t to)
{
	if (from < to)
		map->areas[map->area_count++] = (struct area){from, to, 0};
}

/* Join what adjoins, or nearly does. */
static void join_areas(struct map *map)
{
	uint64_t used = 0;
	size_t n = 0;

	qsort(map->areas, map->area_count, sizeof(*map->areas), by_start);
	for (int round = 0; round < 2; round++) {
		uint64_t gap = used / GAP_SHARE;

		n = 0;
		used = 0;
		for (size_t i = 0; i < map->area_count; i++) {
			struct area *a = &map->areas[i];

			if (n != 0 && (a->from <= map->areas[n - 1].to ||
				       a->from - map->areas[n - 1].to <= gap)) {
				if (a->to > map->areas[n - 1].to)
					map->areas[n - 1].to = a->to;
			} else {
				map->areas[n++] = *a;
			}
		}
		map->area_count = n;
		for (size_t i = 0; i < n; i++)
			used += map->areas[i].to - map->areas[i].from;
	}
	for (size_t i = 0; i < n; i++) {
		map->areas[i].place = map->length;
		map->length += map->areas[i].to - map->areas[i].from;
	}
}

static void find_areas(struct map *map, const struct history *history)
{
	const struct trace *trace = history->trace;

	map->areas = need(
		calloc(history->count + trace->count + 1, sizeof(*map->areas)));
	for (size_t i = 0; i < history->count; i++)
		add_area(map, history->blocks[i].mem,
			 history->blocks[i].mem + history->blocks[i].bytes);
	for (size_t i = 0; i < trace->count; i++)
		if (trace->events[i].kind == TRACE_GROWN)
			add_area(map,
				 trace->events[i].mem - trace->events[i].bytes,
				 trace->events[i].mem);
	join_areas(map);
}

double map_place(const struct map *map, uint64_t address)
{
	size_t i = 0;

	while (i + 1 < map->area_count && address >= map->areas[i + 1].from)
		i++;
	if (map->area_count == 0)
		return 0;
	return (double)map->areas[i].place +
	       ((double)address - (double)map->areas[i].from);
}

/* ---- colours ------------------------------------------------------------------------ */

struct weight {
	unsigned key;
	double weight;
};

static int by_weight(const void *a, const void *b)
{
	const struct weight *one = a;
	const struct weight *two = b;

	if (one->weight != two->weight)
		return one->weight < two->weight ? 1 : -1;
	return one->key < two->key ? -1 : one->key > two->key;
}

static int by_key(const void *a, const void *b)
{
	const struct weight *one = a;
	const struct weight *two = b;

	return one->key < two->key ? -1 : one->key > two->key;
}

static unsigned key_of(const struct block *b, bool by_tag)
{
	return by_tag ? b->tag : b->site;
}

static double time_of(const struct history *history, const struct map *map,
		      size_t event)
{
	return event == NEVER ? map->duration
			      : (double)history->trace->events[event].time;
}

/* The keys that have most bytes for most of the time get the colours. */
static void choose_colours(struct map *map, const struct history *history,
			   bool by_tag)
{
	struct weight *weights =
		need(calloc(history->count + 1, sizeof(*weights)));
	size_t n = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];

		weights[i].key = key_of(b, by_tag);
		weights[i].weight =
			(double)b->bytes * (time_of(history, map, b->to) -
					    time_of(history, map, b->from) + 1);
	}
	qsort(weights, history->count, sizeof(*weights), by_key);
	for (size_t i = 0; i < history->count; i++)
		if (n != 0 && weights[n - 1].key == weights[i].key)
			weights[n - 1].weight += weights[i].weight;
		else
			weights[n++] = weights[i];
	qsort(weights, n, sizeof(*weights), by_weight);
	for (size_t i = 0; i < n; i++)
		if (i < MAP_COLOURS - 1) {
			map->keys[map->colours] = weights[i].key;
			map->weight[map->colours++] = weights[i].weight;
		} else {
			map->weight[MAP_COLOURS - 1] += weights[i].weight;
			map->has_others = true;
		}
	free(weights);
}

static unsigned colour_of(const struct map *map, unsigned key)
{
	for (unsigned i = 0; i < map->colours; i++)
		if (map->keys[i] == key)
			return i;
	return MAP_COLOURS - 1;
}

/* ---- cells ---------------------------------------------------------------------------- */

/* How much of each cell every colour has, 0 to 1; and the heap at all. */
struct cover {
	float colour[MAP_COLOURS];
	float taken;
};

/* [from, to) as parts of the cells 0 to `most`. */
struct stretch {
	double from, to;
};

static double overlap(struct stretch s, size_t cell)
{
	double from = s.from > (double)cell ? s.from : (double)cell;
	double to = s.to < (double)cell + 1 ? s.to : (double)cell + 1;

	return to > from ? to - from : 0;
}

static struct stretch rows_of(const struct map *map, uint64_t mem,
			      uint64_t bytes)
{
	double scale = (double)MAP_ROWS / (double)map->length;
	double from = map_place(map, mem) * scale;

	return (struct stretch){from, from + (double)bytes * scale};
}

static struct stretch columns_of(const struct map *map, double from, double to)
{
	double scale = MAP_COLUMNS / map->duration;

	return (struct stretch){from * scale, to * scale};
}

/* `colour` MAP_COLOURS is for taken. */
static void paint(struct cover *covers, struct stretch columns,
		  struct stretch rows, unsigned colour, double sign)
{
	for (size_t y = (size_t)rows.from; y < MAP_ROWS && (double)y < rows.to;
	     y++) {
		double high = overlap(rows, y) * sign;

		for (size_t x = (size_t)columns.from;
		     x < MAP_COLUMNS && (double)x < columns.to; x++) {
			struct cover *cover = &covers[y * MAP_COLUMNS + x];
			float *to = colour == MAP_COLOURS
					    ? &cover->taken
					    : &cover->colour[colour];

			*to += (float)(high * overlap(columns, x));
		}
	}
}

static void paint_taken(struct cover *covers, const struct map *map,
			const struct history *history)
{
	const struct trace *trace = history->trace;
	bool any = false;

	for (size_t i = 0; i < trace->count; i++) {
		const struct event *e = &trace->events[i];
		struct stretch rest =
			columns_of(map, (double)e->time, map->duration);

		if (e->kind == TRACE_GROWN) {
			paint(covers, rest,
			      rows_of(map, e->mem - e->bytes, e->bytes),
			      MAP_COLOURS, 1);
			any = true;
		} else if (e->kind == TRACE_TRIMMED && any) {
			paint(covers, rest, rows_of(map, e->mem, e->bytes),
			      MAP_COLOURS, -1);
		}
	}
	/* A trace that began later does not know. */
	if (!any)
		paint(covers, (struct stretch){0, MAP_COLUMNS},
		      (struct stretch){0, MAP_ROWS}, MAP_COLOURS, 1);
}

static uint8_t cell_of(const struct cover *cover)
{
	float used = 0;
	unsigned best = 0;

	for (unsigned i = 0; i < MAP_COLOURS; i++) {
		used += cover->colour[i];
		if (cover->colour[i] > cover->colour[best])
			best = i;
	}
	if (used >= 0.1F)
		return (uint8_t)(CELL_USED + 2 * best + (used < 0.5F));
	return cover->taken >= 0.5F ? CELL_FREE : CELL_ABSENT;
}

void map_draw(struct map *map, const struct history *history, bool by_tag)
{
	const struct trace *trace = history->trace;
	struct cover *covers =
		need(calloc((size_t)MAP_COLUMNS * MAP_ROWS, sizeof(*covers)));

	*map = (struct map){.duration = 1};
	if (trace->count != 0)
		map->duration =
			(double)trace->events[trace->count - 1].time + 1;
	find_areas(map, history);
	if (map->length == 0)
		map->length = 1;
	choose_colours(map, history, by_tag);
	paint_taken(covers, map, history);
	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];

		paint(covers,
		      columns_of(map, time_of(history, map, b->from),
				 time_of(history, map, b->to)),
		      rows_of(map, b->mem, b->bytes),
		      colour_of(map, key_of(b, by_tag)), 1);
	}
	map->cells = need(calloc(MAP_ROWS, sizeof(*map->cells)));
	for (size_t y = 0; y < MAP_ROWS; y++)
		for (size_t x = 0; x < MAP_COLUMNS; x++)
			map->cells[y][x] =
				cell_of(&covers[y * MAP_COLUMNS + x]);
	free(covers);
}
