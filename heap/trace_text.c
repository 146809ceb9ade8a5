/* SPDX-License-Identifier: MIT */
/* Traces as text: any bytes as lines of a console, and glibc's mtrace format. */
#include "heap_trace.h"
#include "state.h"

/* Bytes of a trace in one line. */
#define BYTES_A_LINE 32

/* The longest line: of mtrace, "@ [0x...] + 0x... 0x..."; of ours. */
#define LINE_SIZE (16 + 2 * BYTES_A_LINE)

struct line {
	unsigned n;
	char text[LINE_SIZE];
};

static void put_text(struct line *line, const char *text)
{
	while (*text != '\0')
		line->text[line->n++] = *text++;
}

static void put_digits(struct line *line, uintptr_t number, unsigned digits)
{
	while (digits-- != 0)
		line->text[line->n++] =
			"0123456789abcdef"[(number >> 4 * digits) & 15];
}

/* " 0x5ad", no more digits than it needs. */
static void put_number(struct line *line, uintptr_t number)
{
	unsigned digits = 2 * sizeof(number);

	while (digits > 1 && (number >> 4 * (digits - 1)) == 0)
		digits--;
	put_text(line, "0x");
	put_digits(line, number, digits);
}

static void end_line(struct line *line, const struct heap_port *port)
{
	line->text[line->n++] = '\n';
	port->write(port->ctx, line->text, line->n);
	line->n = 0;
}

void heap_trace_write_lines(void *port, const void *bytes, size_t n)
{
	const struct heap_port *to = port;
	const uint8_t *from = bytes;
	struct line line = {.n = 0};

	if (to->write == NULL)
		return;
	while (n != 0) {
		uint8_t sum = 0;

		put_text(&line, "heap-trace: ");
		for (unsigned i = 0; i < BYTES_A_LINE && n != 0; i++, n--) {
			sum = (uint8_t)(sum + *from);
			put_digits(&line, *from++, 2);
		}
		put_text(&line, " ");
		put_digits(&line, sum, 2);
		end_line(&line, to);
	}
}

/* ---- mtrace ---------------------------------------------------------------- */

/* "@ [0xCALLER] SIGN 0xMEM" and what follows. */
static void put_event(struct line *line, const char *sign, const void *mem,
		      const void *caller)
{
	put_text(line, "@ [");
	put_number(line, (uintptr_t)caller);
	put_text(line, "] ");
	put_text(line, sign);
	put_text(line, " ");
	put_number(line, (uintptr_t)mem);
}

static void put_asked(struct line *line, size_t asked)
{
	put_text(line, " ");
	put_number(line, asked);
}

/* A resize is two lines that belong together: "<" what was, ">" what is. */
static void put_resized(struct line *line, const struct heap_event *e,
			const struct heap_port *port)
{
	if (e->mem == NULL) {
		put_event(line, "!", e->old, e->caller);
	} else {
		put_event(line, "<", e->old, e->caller);
		end_line(line, port);
		put_event(line, ">", e->mem, e->caller);
	}
	put_asked(line, e->asked);
}

static void tell(struct heap_observer *self, const struct heap_event *e)
{
	const struct heap_port *port = e->heap->port;
	struct line line = {.n = 0};

	(void)self;
	if (port->write == NULL)
		return;
	if (e->op == HEAP_OP_ALLOC || e->op == HEAP_OP_ALIGNED) {
		put_event(&line, "+", e->mem, e->caller);
		put_asked(&line, e->asked);
	} else if (e->op == HEAP_OP_FREE) {
		put_event(&line, "-", e->old, e->caller);
	} else if (e->op == HEAP_OP_RESIZED) {
		put_resized(&line, e, port);
	} else {
		return;
	}
	end_line(&line, port);
}

struct heap_observer heap_mtrace_observer = {.tell = tell};
