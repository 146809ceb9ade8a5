/* SPDX-License-Identifier: MIT */
/*
 * A fault as one line of text, without libc, in one write: reports of two
 * threads do not mix, and what follows the crash is short.
 */
#include "heap_port.h"

/* Enough for the longest text with all four addresses of this machine. */
#define LINE (96 + 8 * sizeof(void *))

struct line {
	size_t n;
	char text[LINE];
};

static void put_char(struct line *line, char c)
{
	if (line->n < LINE)
		line->text[line->n++] = c;
}

static void put_text(struct line *line, const char *text)
{
	while (*text != '\0')
		put_char(line, *text++);
}

/* " name 0x0000a2c0"; nothing when the address is not known. */
static void put_address(struct line *line, const char *name, uintptr_t address)
{
	unsigned shift = 8 * sizeof(address);

	if (address == 0)
		return;
	put_text(line, name);
	put_text(line, " 0x");
	while (shift != 0) {
		shift -= 4;
		put_char(line, "0123456789abcdef"[(address >> shift) & 15]);
	}
}

const char *heap_fault_text(enum heap_fault_kind kind)
{
	switch (kind) {
	case HEAP_FAULT_NONE:
		return "no fault";
	case HEAP_FAULT_MISALIGNED:
		return "misaligned pointer";
	case HEAP_FAULT_FOREIGN:
		return "pointer outside of the heap";
	case HEAP_FAULT_NOT_USED:
		return "double free or not a block";
	case HEAP_FAULT_HEADER:
		return "header damaged or inside a block";
	case HEAP_FAULT_NEIGHBOUR:
		return "neighbour damaged by an overrun";
	case HEAP_FAULT_LINK:
		return "free list damaged";
	case HEAP_FAULT_INVARIANT:
		return "broken invariant";
	case HEAP_FAULT_INTERRUPT:
		return "called where the lock does not reach";
	}
	return "unknown fault";
}

void heap_port_report(const struct heap_port *port,
		      const struct heap_fault *fault)
{
	struct line line;

	if (port->write == NULL)
		return;
	line.n = 0;
	put_text(&line, "heap: fault: ");
	put_text(&line, heap_fault_text(fault->kind));
	if (fault->invariant != HEAP_OK) {
		put_text(&line, " (I");
		put_char(&line, (char)('0' + fault->invariant % 10));
		put_char(&line, ')');
	}
	put_address(&line, " chunk", (uintptr_t)fault->chunk);
	put_address(&line, " mem", (uintptr_t)fault->mem);
	put_address(&line, " caller", (uintptr_t)fault->caller);
	if (port->thread != NULL)
		put_address(&line, " thread", port->thread(port->ctx));
	put_char(&line, '\n');
	port->write(port->ctx, line.text, line.n);
}
