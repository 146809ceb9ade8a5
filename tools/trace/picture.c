/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "live.h"
#include "map.h"
#include "picture.h"
#include "program.h"
#include "refuse.h"
#include "report.h"
#include "trace.h"

/* In pixels: the two panels stand below each other, the legend beside them. */
enum {
	LEFT = 84,
	LIVE_TOP = 56,
	LIVE_HEIGHT = 130,
	MAP_TOP = LIVE_TOP + LIVE_HEIGHT + 32,
	LEGEND = LEFT + MAP_COLUMNS + 20,
	WIDTH = LEGEND + 300,
	HEIGHT = MAP_TOP + MAP_ROWS + 56,
};
#define NAME_MAX 38 /* characters of a name in the legend */

static const char *const colours[MAP_COLOURS] = {
	"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728",
	"#9467bd", "#8c564b", "#17becf", "#7f7f7f",
};
#define FREE_COLOUR   "#ffffff"
#define ABSENT_COLOUR "#d9d9d9"
#define LIGHT         "0.4" /* opacity of a cell that is less than half used */

static void escaped(FILE *svg, const char *text, size_t most)
{
	for (; *text != '\0' && most != 0; text++, most--)
		switch (*text) {
		case '&':
			fputs("&amp;", svg);
			break;
		case '<':
			fputs("&lt;", svg);
			break;
		case '>':
			fputs("&gt;", svg);
			break;
		default:
			fputc(*text, svg);
		}
	if (*text != '\0')
		fputs("\u2026", svg);
}

static void label(FILE *svg, double x, double y, const char *more,
		  const char *text)
{
	fprintf(svg, "<text x=\"%.0f\" y=\"%.0f\"%s>", x, y, more);
	escaped(svg, text, 160);
	fputs("</text>\n", svg);
}

static void frame(FILE *svg, int top, int height)
{
	fprintf(svg,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"fill=\"none\" stroke=\"#888\"/>\n",
		LEFT, top, MAP_COLUMNS, height);
}

/* ---- axes -------------------------------------------------------------------------- */

/* A step of 1, 2 or 5 times a power of ten: about `n` to a whole. */
static double round_step(double whole, int n)
{
	double step = pow(10, floor(log10(whole / n)));

	if (whole / step > 5.0 * n)
		return 10 * step;
	if (whole / step > 2.0 * n)
		return 5 * step;
	return whole / step > n ? 2 * step : step;
}

/* A power of two of bytes. */
static double binary_step(double whole, int n)
{
	double step = 1;

	while (whole / step > n)
		step *= 2;
	return step;
}

static void time_axis(FILE *svg, const struct history *history,
		      const struct map *map)
{
	double step = round_step(map->duration, 8);
	int bottom = MAP_TOP + MAP_ROWS;

	for (unsigned i = 0; i * step < map->duration; i++) {
		double at = i * step;
		double x = LEFT + at / map->duration * MAP_COLUMNS;

		fprintf(svg,
			"<path d=\"M%.1f %dv%dM%.1f %dv5\" stroke=\"#ddd\"/>\n",
			x, LIVE_TOP, LIVE_HEIGHT, x, bottom);
		label(svg, x, bottom + 18, " text-anchor=\"middle\"",
		      time_text(history, at));
	}
	label(svg, LEFT + MAP_COLUMNS / 2.0, bottom + 38,
	      " text-anchor=\"middle\"",
	      history->trace->has_times ? "time since the trace began"
					: "events, as the trace has no times");
}

static void address_axis(FILE *svg, const struct map *map)
{
	double step = binary_step((double)map->length, 8);
	int bottom = MAP_TOP + MAP_ROWS;
	char text[32];

	for (unsigned i = 0; i * step <= (double)map->length; i++) {
		double at = i * step;
		double y = bottom - at / (double)map->length * MAP_ROWS;

		fprintf(svg, "<path d=\"M%d %.1fh-5\" stroke=\"#888\"/>\n",
			LEFT, y);
		snprintf(text, sizeof(text), "+%s", bytes_text(at));
		label(svg, LEFT - 8, y + 4, " text-anchor=\"end\"", text);
	}
	for (size_t i = 0; i < map->area_count; i++) {
		double y = bottom - (double)map->areas[i].place /
					    (double)map->length * MAP_ROWS;

		snprintf(text, sizeof(text), "0x%" PRIx64, map->areas[i].from);
		label(svg, LEFT + 4, y - 4,
		      " font-size=\"11\" stroke=\"#fff\" stroke-width=\"3\" "
		      "paint-order=\"stroke\"",
		      text);
		if (i != 0)
			fprintf(svg,
				"<path d=\"M%d %.1fh%d\" stroke=\"#000\" "
				"stroke-dasharray=\"2 4\"/>\n",
				LEFT, y, MAP_COLUMNS);
	}
}

/* ---- live bytes ------------------------------------------------------------------------ */

/* The largest value of each column. */
static void columns(const struct history *history, const struct map *map,
		    const uint64_t *values, double out[MAP_COLUMNS])
{
	const struct trace *trace = history->trace;
	size_t at = 0;

	for (int x = 0; x < MAP_COLUMNS; x++) {
		double end = map->duration / MAP_COLUMNS * (x + 1);
		double most = at == 0 ? 0 : (double)values[at - 1];

		for (;
		     at < trace->count && (double)trace->events[at].time < end;
		     at++)
			if ((double)values[at] > most)
				most = (double)values[at];
		out[x] = most;
	}
}

static void curve(FILE *svg, const double values[MAP_COLUMNS], double most,
		  const char *style, bool filled)
{
	double last = -1;

	fprintf(svg, "<path %s d=\"M%d %d", style, LEFT,
		LIVE_TOP + LIVE_HEIGHT);
	for (int x = 0; x < MAP_COLUMNS; x++) {
		double y =
			LIVE_TOP + LIVE_HEIGHT - values[x] / most * LIVE_HEIGHT;

		if (fabs(y - last) < 0.05)
			continue;
		fprintf(svg, "H%dV%.1f", LEFT + x, y);
		last = y;
	}
	fprintf(svg, "H%d", LEFT + MAP_COLUMNS);
	if (filled)
		fprintf(svg, "V%dZ", LIVE_TOP + LIVE_HEIGHT);
	fputs("\"/>\n", svg);
}

static void draw_live(FILE *svg, const struct history *history,
		      const struct map *map)
{
	double bytes[MAP_COLUMNS];
	double taken[MAP_COLUMNS];
	double most = 1;
	struct live live;

	live_count(&live, history);
	columns(history, map, live.bytes, bytes);
	columns(history, map, live.taken, taken);
	for (int x = 0; x < MAP_COLUMNS; x++)
		most = fmax(most, fmax(bytes[x], taken[x]));
	for (unsigned i = 0; i * binary_step(most, 4) <= most; i++) {
		double at = i * binary_step(most, 4);
		double y = LIVE_TOP + LIVE_HEIGHT - at / most * LIVE_HEIGHT;

		fprintf(svg, "<path d=\"M%d %.1fh%d\" stroke=\"#ddd\"/>\n",
			LEFT, y, MAP_COLUMNS);
		label(svg, LEFT - 8, y + 4, " text-anchor=\"end\"",
		      bytes_text(at));
	}
	curve(svg, bytes, most, "fill=\"#1f77b4\" fill-opacity=\"0.5\"", true);
	curve(svg, taken, most, "fill=\"none\" stroke=\"#000\"", false);
	frame(svg, LIVE_TOP, LIVE_HEIGHT);
	label(svg, LEFT, LIVE_TOP - 8, " font-weight=\"bold\"",
	      "bytes: live (blue), taken by the heap (line)");
	live_free(&live);
}

/* ---- the map ---------------------------------------------------------------------------- */

/* A rectangle of equal cells, growing row by row. */
struct run {
	int x, n, rows;
};

static void put_run(FILE *svg, const struct run *run, int y)
{
	/* y is the row above the last one: rows are counted from below. */
	fprintf(svg, "M%d %dh%dv%dh-%dz", run->x, MAP_ROWS - y, run->n,
		run->rows, run->n);
}

/* All cells of that kind, as few rectangles as rows of equal runs make. */
static void draw_cells(FILE *svg, const struct map *map, uint8_t cell)
{
	struct run open[MAP_COLUMNS] = {{0, 0, 0}};

	for (int y = 0; y <= MAP_ROWS; y++) {
		struct run now[MAP_COLUMNS] = {{0, 0, 0}};

		for (int x = 0; y < MAP_ROWS && x < MAP_COLUMNS; x++) {
			int from = x;

			while (x < MAP_COLUMNS && map->cells[y][x] == cell)
				x++;
			if (x != from)
				now[from] = (struct run){from, x - from, 1};
		}
		for (int x = 0; x < MAP_COLUMNS; x++) {
			if (open[x].n != 0 && open[x].n == now[x].n)
				now[x].rows += open[x].rows;
			else if (open[x].n != 0)
				put_run(svg, &open[x], y);
		}
		memcpy(open, now, sizeof(open));
	}
}

static bool has_cell(const struct map *map, uint8_t cell)
{
	for (int y = 0; y < MAP_ROWS; y++)
		if (memchr(map->cells[y], cell, MAP_COLUMNS) != NULL)
			return true;
	return false;
}

static void draw_kind(FILE *svg, const struct map *map, uint8_t cell,
		      const char *colour, const char *opacity)
{
	if (!has_cell(map, cell))
		return;
	fprintf(svg, "<path fill=\"%s\" fill-opacity=\"%s\" d=\"", colour,
		opacity);
	draw_cells(svg, map, cell);
	fputs("\"/>\n", svg);
}

static void draw_map(FILE *svg, const struct map *map)
{
	fprintf(svg,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"fill=\"" ABSENT_COLOUR "\"/>\n"
		"<g transform=\"translate(%d %d)\" "
		"shape-rendering=\"crispEdges\">\n",
		LEFT, MAP_TOP, MAP_COLUMNS, MAP_ROWS, LEFT, MAP_TOP);
	draw_kind(svg, map, CELL_FREE, FREE_COLOUR, "1");
	for (unsigned i = 0; i < MAP_COLOURS; i++) {
		draw_kind(svg, map, (uint8_t)(CELL_USED + 2 * i), colours[i],
			  "1");
		draw_kind(svg, map, (uint8_t)(CELL_USED + 2 * i + 1),
			  colours[i], LIGHT);
	}
	fputs("</g>\n", svg);
	frame(svg, MAP_TOP, MAP_ROWS);
	label(svg, LEFT, MAP_TOP - 8, " font-weight=\"bold\"",
	      "addresses, lowest below");
}

/* ---- marks, legend ------------------------------------------------------------------------ */

static void draw_marks(FILE *svg, const struct history *history,
		       const struct map *map)
{
	char text[24];
	int row = 0;

	for (size_t i = 0; i < history->trace->count; i++) {
		const struct event *e = &history->trace->events[i];
		double x = LEFT + (double)e->time / map->duration * MAP_COLUMNS;

		if (e->kind != TRACE_MARK)
			continue;
		fprintf(svg,
			"<path d=\"M%.1f %dV%d\" stroke=\"#000\" "
			"stroke-dasharray=\"4 3\" stroke-width=\"0.7\"/>\n",
			x, LIVE_TOP, MAP_TOP + MAP_ROWS);
		snprintf(text, sizeof(text), "mark %" PRIu64, e->number);
		label(svg, x + 3, LIVE_TOP + 12 + 12 * row, " font-size=\"11\"",
		      text);
		row = (row + 1) % 3;
	}
}

static void legend_row(FILE *svg, int row, const char *colour,
		       const char *opacity, const char *name)
{
	int y = MAP_TOP + 12 + 22 * row;

	fprintf(svg,
		"<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"14\" "
		"fill=\"%s\" fill-opacity=\"%s\" stroke=\"#888\"/>\n"
		"<text x=\"%d\" y=\"%d\">",
		LEGEND, y - 12, colour, opacity, LEGEND + 20, y);
	escaped(svg, name, NAME_MAX);
	fputs("</text>\n", svg);
}

static void draw_legend(FILE *svg, const struct map *map, bool by_tag)
{
	char name[160];
	int row = 1;

	label(svg, LEGEND, MAP_TOP + 12, " font-weight=\"bold\"",
	      by_tag ? "tag" : "allocated at");
	for (unsigned i = 0; i < map->colours; i++) {
		if (by_tag)
			snprintf(name, sizeof(name), "%s",
				 program_tag_name(map->keys[i]));
		else
			snprintf(name, sizeof(name), "%s",
				 program_site_name(map->keys[i]));
		legend_row(svg, row++, colours[i], "1", name);
	}
	if (map->has_others)
		legend_row(svg, row++, colours[MAP_COLOURS - 1], "1",
			   "all others");
	legend_row(svg, ++row, colours[0], LIGHT, "partly used (any colour)");
	legend_row(svg, ++row, FREE_COLOUR, "1", "free");
	legend_row(svg, ++row, ABSENT_COLOUR, "1", "not taken by the heap");
	snprintf(name, sizeof(name), "a pixel is %s",
		 bytes_text((double)map->length / MAP_ROWS));
	label(svg, LEGEND, MAP_TOP + 12 + 22 * (row + 2), "", name);
}

void picture_write(const struct history *history, const char *path,
		   const char *program, bool by_tag)
{
	FILE *svg = fopen(path, "w");
	const char *name = strrchr(program, '/');
	char title[160];
	struct map map;

	if (svg == NULL)
		refuse(path, "cannot be written: %s", strerror(errno));
	map_draw(&map, history, by_tag);
	snprintf(title, sizeof(title), "The heap of %s: %zu events%s%s",
		 name == NULL ? program : name + 1, history->trace->count,
		 history->trace->has_times ? ", " : "",
		 history->trace->has_times ? time_text(history, map.duration)
					   : "");
	fprintf(svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
		"font-size=\"13\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT);
	label(svg, LEFT, 24, " font-size=\"16\"", title);
	time_axis(svg, history, &map);
	draw_live(svg, history, &map);
	draw_map(svg, &map);
	address_axis(svg, &map);
	draw_marks(svg, history, &map);
	draw_legend(svg, &map, by_tag);
	fputs("</svg>\n", svg);
	if (ferror(svg) || fclose(svg) != 0)
		refuse(path, "cannot be written: %s", strerror(errno));
	free(map.areas);
	free(map.cells);
}
