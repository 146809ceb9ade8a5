/* SPDX-License-Identifier: MIT */
/*
 * A fault as a few lines of text, without libc, each in one write: those of two
 * threads do not mix within a line, and little stack is needed.
 */
#include "heap_port.h"

/* Enough for the longest text with all four addresses of this machine. */
#define LINE (96 + 8 * sizeof(void *))

/* The first words of a line that goes on with the report. */
#define MORE "heap:  "

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

static void put_number(struct line *line, size_t n)
{
	char digits[3 * sizeof(n)];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	while (at < sizeof(digits))
		put_char(line, digits[at++]);
}

static void write_line(const struct heap_port *port, struct line *line)
{
	put_char(line, '\n');
	port->write(port->ctx, line->text, line->n);
	line->n = 0;
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
	case HEAP_FAULT_GUARD:
		return "written behind the end of a block";
	case HEAP_FAULT_FREED:
		return "written to after it was freed";
	}
	return "unknown fault";
}

/* What and where it is, and who came by. */
static void write_fault(const struct heap_port *port,
			const struct heap_fault *fault, struct line *line)
{
	put_text(line, "heap: fault: ");
	put_text(line, heap_fault_text(fault->kind));
	if (fault->invariant != HEAP_OK) {
		put_text(line, fault->invariant < 10 ? " (I" : " (I1");
		put_char(line, (char)('0' + fault->invariant % 10));
		put_char(line, ')');
	}
	put_address(line, " chunk", (uintptr_t)fault->chunk);
	put_address(line, " mem", (uintptr_t)fault->mem);
	put_address(line, " caller", (uintptr_t)fault->caller);
	if (port->thread != NULL)
		put_address(line, " thread", port->thread(port->ctx));
	write_line(port, line);
}

/* Which block was overrun, probably. */
static void write_suspect(const struct heap_port *port,
			  const struct heap_fault *fault, struct line *line)
{
	if (fault->suspect == NULL)
		return;
	put_address(line, MORE "suspect", (uintptr_t)fault->suspect);
	put_text(line, " of ");
	put_number(line, fault->suspect_size);
	put_text(line, " bytes");
	put_address(line, " allocated by", (uintptr_t)fault->suspect_by);
	write_line(port, line);
}

static void write_around(const struct heap_port *port,
			 const struct heap_fault *fault, struct line *line)
{
	if (fault->prev == NULL && fault->next == NULL)
		return;
	put_text(line, MORE "chunks around");
	put_address(line, " prev", (uintptr_t)fault->prev);
	put_address(line, " next", (uintptr_t)fault->next);
	write_line(port, line);
}

static void write_callers(const struct heap_port *port,
			  const struct heap_fault *fault, struct line *line)
{
	if (fault->allocated_by == NULL && fault->freed_by == NULL)
		return;
	put_text(line, MORE "block");
	put_address(line, " allocated by", (uintptr_t)fault->allocated_by);
	put_address(line, " freed by", (uintptr_t)fault->freed_by);
	write_line(port, line);
}

void heap_port_report(const struct heap_port *port,
		      const struct heap_fault *fault)
{
	struct line line;

	if (port->write == NULL)
		return;
	line.n = 0;
	write_fault(port, fault, &line);
	write_suspect(port, fault, &line);
	write_around(port, fault, &line);
	write_callers(port, fault, &line);
	if (fault->untold != 0) {
		put_text(&line, MORE "faults before it that were not told:");
		put_char(&line, ' ');
		put_number(&line, fault->untold);
		write_line(port, &line);
	}
}
