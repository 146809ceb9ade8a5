/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "heap.h"
#include "report.h"

#define LINE_MAX  96
#define CELLS     64 /* characters of a picture            */
#define LEAKS_MAX 8  /* blocks that are named, when any are left */

/* What a cell of the picture has of each; bits, so that a cell can mix. */
enum content { HAS_USED = 1, HAS_FREE = 2, HAS_TOP = 4 };

struct picture {
	uintptr_t start;       /* of the region                      */
	size_t cell;           /* bytes that a character stands for  */
	char cells[CELLS + 1]; /* contents, in the end characters    */
};

struct moment {
	struct heap_stats stats;
	struct picture picture;
};

static struct moment peak;

void say(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n > (int)sizeof(line) - 1)
		n = (int)sizeof(line) - 1;
	if (n > 0)
		board_write(line, (size_t)n);
}

void say_text(const char *text)
{
	board_write(text, strlen(text));
}

/* ---- the picture ------------------------------------------------------ */

static bool paint(void *ctx, const struct heap_chunk *chunk)
{
	static const char contents[] = {
		[HEAP_CHUNK_USED] = HAS_USED,
		[HEAP_CHUNK_FREE] = HAS_FREE,
		[HEAP_CHUNK_TOP] = HAS_TOP,
	};
	struct picture *picture = ctx;
	size_t at = (uintptr_t)chunk->mem - sizeof(size_t) - picture->start;
	size_t last = (at + chunk->size - 1) / picture->cell;

	for (size_t i = at / picture->cell; i <= last && i < CELLS; i++)
		picture->cells[i] |= contents[chunk->state];
	return true;
}

static char glyph(char content)
{
	static const char glyphs[] = {
		[0] = '.',
		[HAS_USED] = '#',
		[HAS_FREE] = '-',
		[HAS_TOP] = '^',
		[HAS_USED | HAS_FREE] = '+',
		[HAS_USED | HAS_TOP] = '+',
		[HAS_FREE | HAS_TOP] = '-',
		[HAS_USED | HAS_FREE | HAS_TOP] = '+',
	};

	return glyphs[(int)content];
}

/* The start of the region, as far as it has been taken, in CELLS characters. */
static void draw(struct picture *picture)
{
	const struct heap_region *region = &heap_region_linker;
	size_t whole = (size_t)(region->end - region->start), cells = CELLS;
	size_t taken = 0;

	if (region->brk != NULL)
		taken = (size_t)(region->brk - region->start);
	memset(picture, 0, sizeof(*picture));
	picture->start = (uintptr_t)region->start;
	picture->cell = 16;
	while (picture->cell * CELLS < taken)
		picture->cell *= 2;
	if (whole / picture->cell < CELLS)
		cells = (whole + picture->cell - 1) / picture->cell;
	heap_walk(&heap_default, paint, picture);
	for (size_t i = 0; i < cells; i++)
		picture->cells[i] = glyph(picture->cells[i]);
	picture->cells[cells] = '\0';
}

void report_before_free(void)
{
	struct heap_stats now;

	heap_stats(&heap_default, &now);
	if (now.in_use <= peak.stats.in_use && peak.picture.cell != 0)
		return;
	peak.stats = now;
	draw(&peak.picture);
}

/* ---- the verdict ------------------------------------------------------ */

static bool name_leak(void *ctx, const struct heap_chunk *chunk)
{
	unsigned *left = ctx;

	if (chunk->state != HEAP_CHUNK_USED)
		return true;
	if ((*left)-- == 0)
		return false;
	say("  leaked: block %p, chunk of %lu bytes\n", chunk->mem,
	    (unsigned long)chunk->size);
	return true;
}

static bool verdict(const struct heap_stats *now)
{
	const void *bad = NULL;
	enum heap_invariant broken = heap_check(&heap_default, &bad);
	unsigned left = LEAKS_MAX;

	if (broken != HEAP_OK) {
		say("demo: the heap is damaged: invariant I%d at %p; "
		    "see heap/README.md\n",
		    (int)broken, bad);
		return false;
	}
	if (now->in_use == 0 && now->used_chunks == 0) {
		say("all memory returned\n");
		return true;
	}
	say("demo: not all memory was returned: %lu bytes in %lu chunks\n",
	    (unsigned long)now->in_use, (unsigned long)now->used_chunks);
	if (!heap_walk(&heap_default, name_leak, &left))
		say("  and more\n");
	return false;
}

static void row(const char *name, size_t at_peak, size_t now)
{
	say("%-16s%10lu%10lu\n", name, (unsigned long)at_peak,
	    (unsigned long)now);
}

bool report_heap(void)
{
	const struct heap_region *region = &heap_region_linker;
	static struct moment now;

	report_before_free();
	heap_stats(&heap_default, &now.stats);
	draw(&now.picture);

	say("\nheap: a region of %lu bytes, peak of use %lu bytes\n",
	    (unsigned long)(region->end - region->start),
	    (unsigned long)now.stats.peak);
	say("%-16s%10s%10s\n", "bytes", "at peak", "at end");
	row("in use", peak.stats.in_use, now.stats.in_use);
	row("free", peak.stats.free, now.stats.free);
	row("overhead", peak.stats.overhead, now.stats.overhead);
	row("taken", peak.stats.taken, now.stats.taken);
	row("largest free", peak.stats.largest_free, now.stats.largest_free);
	say("chunks\n");
	row("used", peak.stats.used_chunks, now.stats.used_chunks);
	row("free", peak.stats.free_chunks, now.stats.free_chunks);
	say("\nat peak %s\n", peak.picture.cells);
	say("at end  %s\n", now.picture.cells);
	say("%lu bytes a character: # used  - free  + both  ^ top  "
	    ". not taken\n\n",
	    (unsigned long)now.picture.cell);
	return verdict(&now.stats);
}
