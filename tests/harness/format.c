/* SPDX-License-Identifier: MIT */
#include "format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tap_io.h"

static char line[128];
static size_t line_used;

/* Lines are collected, for on a board each write may be a trap to a debugger. */
static void put(char c)
{
	line[line_used++] = c;
	if (c == '\n' || line_used == sizeof(line)) {
		tap_write(line, line_used);
		line_used = 0;
	}
}

static void put_text(const char *s)
{
	if (s == NULL)
		s = "(null)";
	while (*s)
		put(*s++);
}

static void put_number(uintmax_t n, unsigned base)
{
	char digits[20]; /* of 2^64 - 1 in decimal */
	size_t i = 0;

	do {
		digits[i++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (i)
		put(digits[--i]);
}

static void put_signed(intmax_t n)
{
	if (n < 0)
		put('-');
	put_number(n < 0 ? 0 - (uintmax_t)n : (uintmax_t)n, 10);
}

enum length { INT, LONG, LONG_LONG, SIZE, MAX };

static enum length length_of(const char **format)
{
	enum length length = INT;

	for (;; ++*format)
		switch (**format) {
		case 'l':
			length = length == LONG ? LONG_LONG : LONG;
			break;
		case 'z':
		case 't':
			length = SIZE;
			break;
		case 'j':
			length = MAX;
			break;
		default:
			return length;
		}
}

/* A va_list inside a struct can be passed on by address everywhere. */
struct args {
	va_list list;
};

static intmax_t take_signed(enum length length, struct args *args)
{
	switch (length) {
	case INT:
		return va_arg(args->list, int);
	case LONG:
		return va_arg(args->list, long);
	case LONG_LONG:
		return va_arg(args->list, long long);
	case SIZE:
		return va_arg(args->list, ptrdiff_t);
	default:
		return va_arg(args->list, intmax_t);
	}
}

static uintmax_t take_unsigned(enum length length, struct args *args)
{
	switch (length) {
	case INT:
		return va_arg(args->list, unsigned);
	case LONG:
		return va_arg(args->list, unsigned long);
	case LONG_LONG:
		return va_arg(args->list, unsigned long long);
	case SIZE:
		return va_arg(args->list, size_t);
	default:
		return va_arg(args->list, uintmax_t);
	}
}

static void put_one(char kind, enum length length, struct args *args)
{
	switch (kind) {
	case 's':
		put_text(va_arg(args->list, const char *));
		break;
	case 'c':
		put((char)va_arg(args->list, int));
		break;
	case 'd':
	case 'i':
		put_signed(take_signed(length, args));
		break;
	case 'u':
		put_number(take_unsigned(length, args), 10);
		break;
	case 'x':
		put_number(take_unsigned(length, args), 16);
		break;
	case 'p':
		put_text("0x");
		put_number((uintptr_t)va_arg(args->list, void *), 16);
		break;
	default:
		put(kind);
	}
}

void format_list(const char *format, va_list list)
{
	struct args args;

	va_copy(args.list, list);
	for (; *format; format++) {
		if (*format != '%') {
			put(*format);
			continue;
		}
		format++;
		enum length length = length_of(&format);

		if (*format == '\0')
			break;
		put_one(*format, length, &args);
	}
	va_end(args.list);
}

void format_print(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	format_list(format, list);
	va_end(list);
}

void format_sentence(const char *name)
{
	for (; *name; name++)
		put(*name == '_' ? ' ' : *name);
}
