/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "image.h"
#include "report.h"

enum kind { NOTE, PROBLEM, REMEDY };

static const char *const labels[] = {
	[NOTE] = "note:    ",
	[PROBLEM] = "PROBLEM: ",
	[REMEDY] = "  do:    ",
};

struct line {
	enum kind kind;
	char *text;
};

static struct line lines[64];
static size_t line_count;
static size_t problem_count;
static bool is_quiet;

void report_set_quiet(bool quiet)
{
	is_quiet = quiet;
}

void fact(const char *format, ...)
{
	va_list arguments;

	if (is_quiet)
		return;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

/* Once `lines` is full, the first problems are what matters. */
static void keep(enum kind kind, const char *format, va_list arguments)
{
	char *text = NULL;

	if (kind == PROBLEM)
		problem_count++;
	if (line_count == sizeof(lines) / sizeof(lines[0]))
		return;
	if (vasprintf(&text, format, arguments) < 0)
		text = need(NULL);
	lines[line_count++] = (struct line){kind, text};
}

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep(NOTE, format, arguments);
	va_end(arguments);
}

void problem(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep(PROBLEM, format, arguments);
	va_end(arguments);
}

void remedy(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep(REMEDY, format, arguments);
	va_end(arguments);
}

size_t report_end(const char *path, const char *sound)
{
	for (size_t i = 0; i < line_count; i++) {
		if (lines[i].kind != NOTE || !is_quiet)
			printf("%s%s\n", labels[lines[i].kind], lines[i].text);
		free(lines[i].text);
	}
	if (problem_count == 0)
		fact("ok:      %s has %s", path, sound);
	else
		fact("%s: %zu problem%s", path, problem_count,
		     problem_count == 1 ? "" : "s");
	return problem_count;
}
