/* SPDX-License-Identifier: MIT */
/* What is wrong with a table of banks, as one line of text without libc. */
#include "heap_banks.h"

/* Enough for the longest text with four addresses and two numbers. */
#define LINE (112 + 8 * sizeof(void *))

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

static void put_address(struct line *line, uintptr_t address)
{
	unsigned shift = 8 * sizeof(address);

	put_text(line, "0x");
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

/* "bank 1 0x20000000 to 0x20002000" */
static void put_bank(struct line *line, size_t number, uintptr_t start,
		     uintptr_t end)
{
	put_text(line, "bank ");
	put_number(line, number);
	put_text(line, " ");
	put_address(line, start);
	put_text(line, " to ");
	put_address(line, end);
}

/* What comes behind the bank. */
static const char *text_of(enum heap_banks_problem problem)
{
	switch (problem) {
	case HEAP_BANKS_SOUND:
		return "the table is sound";
	case HEAP_BANKS_NO_TABLE:
		return "there is no table, its address is NULL";
	case HEAP_BANKS_NONE:
		return "the table has no bank";
	case HEAP_BANKS_TOO_MANY:
		return " banks, there is room for ";
	case HEAP_BANKS_AT_NULL:
		return " starts at NULL, which can be no block's address";
	case HEAP_BANKS_EMPTY:
		return " is empty";
	case HEAP_BANKS_REVERSED:
		return " ends before it starts";
	case HEAP_BANKS_WRAPS:
		return " bytes, which is more than there are addresses behind "
		       "it";
	case HEAP_BANKS_OVERLAP:
		return " overlaps ";
	case HEAP_BANKS_TOO_SMALL:
		return " is too small for a heap's control block";
	case HEAP_BANKS_KINDS:
		return " kinds of memory, there are pools for ";
	}
	return "unknown problem";
}

/* What the problem is with: a bank, a number of something, or the table. */
static void put_subject(struct line *line, const struct heap_banks_error *error)
{
	switch (error->problem) {
	case HEAP_BANKS_WRAPS:
		put_text(line, "bank ");
		put_number(line, error->bank);
		put_text(line, " ");
		put_address(line, error->start);
		put_text(line, " has ");
		put_number(line, error->end);
		break;
	case HEAP_BANKS_TOO_MANY:
	case HEAP_BANKS_KINDS:
		put_number(line, error->bank);
		break;
	case HEAP_BANKS_SOUND:
	case HEAP_BANKS_NO_TABLE:
	case HEAP_BANKS_NONE:
		break;
	case HEAP_BANKS_AT_NULL:
	case HEAP_BANKS_EMPTY:
	case HEAP_BANKS_REVERSED:
	case HEAP_BANKS_OVERLAP:
	case HEAP_BANKS_TOO_SMALL:
		put_bank(line, error->bank, error->start, error->end);
		break;
	}
}

void heap_banks_report(const struct heap_port *port,
		       const struct heap_banks_error *error)
{
	struct line line = {.n = 0};

	if (port->write == NULL || error->problem == HEAP_BANKS_SOUND)
		return;
	put_text(&line, "heap: banks: ");
	put_subject(&line, error);
	put_text(&line, text_of(error->problem));
	if (error->problem == HEAP_BANKS_OVERLAP)
		put_bank(&line, error->other, error->other_start,
			 error->other_end);
	if (error->problem == HEAP_BANKS_TOO_MANY ||
	    error->problem == HEAP_BANKS_KINDS)
		put_number(&line, error->most);
	put_char(&line, '\n');
	port->write(port->ctx, line.text, line.n);
}
