/* SPDX-License-Identifier: MIT */
/* How much of the memory between heap and stack was never used. */
#include "heap_guard.h"

/* Not the same byte four times, or the loop might become a call of memset. */
#define PAINT 0x5aa5c33cu

/* Bytes below the frame of who paints, where the painter's own may be. */
#define MARGIN 128u

static uintptr_t break_of(const struct heap_region *r)
{
	return (uintptr_t)(r->brk != NULL ? r->brk : r->start);
}

/* Up to the next word, so that only whole ones are painted. */
static uintptr_t word_above(uintptr_t at)
{
	return (at + sizeof(uint32_t) - 1) & ~(uintptr_t)(sizeof(uint32_t) - 1);
}

static bool is_painted(uintptr_t at)
{
	return *(const volatile uint32_t *)at == PAINT;
}

/*
 * Where paint may be: from the break, when the stack's bytes adjoin the heap's
 * region, else the stack's own.
 */
static uintptr_t bottom(const struct heap_gap *gap)
{
	return word_above(gap->region->end == gap->low ? break_of(gap->region)
						       : (uintptr_t)gap->low);
}

__attribute__((noinline)) void heap_gap_paint(const struct heap_gap *gap)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t to = (uintptr_t)gap->high, at = bottom(gap);

	if (here >= (uintptr_t)gap->low && here < to)
		to = here - MARGIN;
	for (; at + sizeof(uint32_t) <= to; at += sizeof(uint32_t))
		*(volatile uint32_t *)at = PAINT;
}

/* The lowest byte that the stack has ever used. */
static uintptr_t deepest(const struct heap_gap *gap)
{
	uintptr_t low = word_above((uintptr_t)gap->low), at = low;

	while (at + sizeof(uint32_t) <= (uintptr_t)gap->high && is_painted(at))
		at += sizeof(uint32_t);
	if (at != low)
		return at;
	/* It has left its own bytes: how far? */
	while (at > bottom(gap) && !is_painted(at - sizeof(uint32_t)))
		at -= sizeof(uint32_t);
	return at;
}

void heap_gap_measure(const struct heap_gap *gap, struct heap_gap_sizes *out)
{
	uintptr_t brk = break_of(gap->region), at = deepest(gap);
	uintptr_t low = (uintptr_t)gap->low;

	out->heap = (uintptr_t)gap->region->end - brk;
	out->stack = at > low ? at - low : 0;
	out->used = (uintptr_t)gap->high - at;
	out->gap = at > brk ? at - brk : 0;
}

/* ---- as text ------------------------------------------------------------ */

struct line {
	size_t n;
	char text[160];
};

static void put_text(struct line *line, const char *text)
{
	while (*text != '\0' && line->n < sizeof(line->text))
		line->text[line->n++] = *text++;
}

static void put_number(struct line *line, size_t n)
{
	char digits[3 * sizeof(n)];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	while (at < sizeof(digits) && line->n < sizeof(line->text))
		line->text[line->n++] = digits[at++];
}

void heap_gap_report(const struct heap_port *port, const struct heap_gap *gap)
{
	struct line line = {.n = 0};
	struct heap_gap_sizes sizes;
	size_t all = (uintptr_t)gap->high - (uintptr_t)gap->low;

	if (port->write == NULL)
		return;
	heap_gap_measure(gap, &sizes);
	put_text(&line, "heap: gap: ");
	put_number(&line, sizes.gap);
	put_text(&line, " bytes, ");
	put_number(&line, sizes.heap);
	put_text(&line, " of the heap and ");
	put_number(&line, sizes.stack);
	put_text(&line, " of the stack, which used ");
	put_number(&line, sizes.used);
	put_text(&line, " of ");
	put_number(&line, all);
	put_text(&line, sizes.used > all ? ": it has overflowed\n" : "\n");
	port->write(port->ctx, line.text, line.n);
}
