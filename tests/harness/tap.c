/* SPDX-License-Identifier: MIT */
#include "tap.h"

#include <stdarg.h>

#include "format.h"
#include "tap_io.h"

#ifndef TAP_WHERE
#error "compile the harness with -DTAP_WHERE=\"board\": see the Makefile"
#endif

extern const struct tap_test *const __start_tap_tests[];
extern const struct tap_test *const __stop_tap_tests[];

/* The test that is running. */
static enum { PASSED, FAILED, SKIPPED } outcome;
static const struct tap_test *running;
static unsigned number;

/* What it asked for by tap_arg, to be printed in the line that runs it again. */
static struct {
	const char *name;
	unsigned long value;
} asked[4];
static size_t asked_used;

static void result_line(const char *word)
{
	format_print("%s %u - ", word, number);
	format_sentence(running->name);
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void print_again(void)
{
	format_print("#   again: make test BOARD=%s T=%s", TAP_WHERE,
		     running->name);
	for (size_t i = 0; i < asked_used; i++) {
		format_print(" ");
		for (const char *s = asked[i].name; *s; s++)
			format_print("%c", upper(*s));
		format_print("=0x%lx", asked[i].value);
	}
	format_print("\n");
}

/* "not ok" is printed at once, above its diagnosis and whatever follows. */
static void fail(const char *file, int line)
{
	outcome = FAILED;
	result_line("not ok");
	format_print("\n#   %s:%d\n", file, line);
}

bool tap_failed(void)
{
	return outcome == FAILED;
}

bool tap_check(bool holds, const char *text, const char *file, int line)
{
	if (outcome != PASSED)
		return false;
	if (holds)
		return true;
	fail(file, line);
	format_print("#   false: %s\n", text);
	print_again();
	return false;
}

bool tap_check_eq(long long a, long long b, const char *a_text,
		  const char *b_text, const char *file, int line)
{
	if (outcome != PASSED)
		return false;
	if (a == b)
		return true;
	fail(file, line);
	format_print("#   got    %lld = 0x%llx: %s\n", a, (unsigned long long)a,
		     a_text);
	format_print("#   wanted %lld = 0x%llx: %s\n", b, (unsigned long long)b,
		     b_text);
	print_again();
	return false;
}

bool tap_check_ptr_eq(uintptr_t a, uintptr_t b, const char *a_text,
		      const char *b_text, const char *file, int line)
{
	if (outcome != PASSED)
		return false;
	if (a == b)
		return true;
	fail(file, line);
	format_print("#   got    0x%llx: %s\n", (unsigned long long)a, a_text);
	format_print("#   wanted 0x%llx: %s\n", (unsigned long long)b, b_text);
	print_again();
	return false;
}

static bool text_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; *a && *a == *b; a++)
		b++;
	return *a == *b;
}

bool tap_check_str_eq(const char *a, const char *b, const char *a_text,
		      const char *b_text, const char *file, int line)
{
	if (outcome != PASSED)
		return false;
	if (text_equal(a, b))
		return true;
	fail(file, line);
	format_print("#   got    \"%s\": %s\n", a, a_text);
	format_print("#   wanted \"%s\": %s\n", b, b_text);
	print_again();
	return false;
}

void tap_skip(const char *format, ...)
{
	va_list list;

	if (outcome != PASSED)
		return;
	outcome = SKIPPED;
	result_line("ok");
	format_print(" # SKIP ");
	va_start(list, format);
	format_list(format, list);
	va_end(list);
	format_print("\n");
}

bool tap_fits(size_t bytes)
{
	size_t available;

	tap_arena(&available);
	if (bytes > available)
		tap_skip("needs %zu bytes, %zu available", bytes, available);
	return outcome == PASSED;
}

void tap_diag(const char *format, ...)
{
	va_list list;

	format_print("# ");
	va_start(list, format);
	format_list(format, list);
	va_end(list);
	format_print("\n");
}

/* ---- arguments ------------------------------------------------------- */

const char *tap_arg_value(const char *word, const char *name)
{
	for (; *name; name++, word++)
		if (upper(*word) != upper(*name))
			return NULL;
	return *word == '=' ? word + 1 : NULL;
}

static unsigned long number_from(const char *s)
{
	unsigned long base = 10, n = 0;

	if (s[0] == '0' && upper(s[1]) == 'X') {
		base = 16;
		s += 2;
	}
	for (;; s++) {
		char c = upper(*s);
		unsigned long digit = 16;

		if (c >= '0' && c <= '9')
			digit = (unsigned long)(c - '0');
		else if (c >= 'A' && c <= 'F')
			digit = (unsigned long)(c - 'A') + 10;
		if (digit >= base)
			return n;
		n = n * base + digit;
	}
}

unsigned long tap_arg(const char *name, unsigned long otherwise)
{
	const char *text = tap_arg_text(name);
	unsigned long value = otherwise;

	if (text != NULL && *text != '\0' && *text != ' ')
		value = number_from(text);
	if (asked_used < sizeof(asked) / sizeof(asked[0])) {
		asked[asked_used].name = name;
		asked[asked_used++].value = value;
	}
	return value;
}

uint32_t tap_rand(uint32_t *state)
{
	uint32_t x = *state ? *state : 0x9e3779b9u; /* 0 would stay 0 */

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

uint32_t tap_below(uint32_t *state, uint32_t n)
{
	return n ? tap_rand(state) % n : 0;
}

/* ---- the run --------------------------------------------------------- */

/* Does T= occur in the name?  No T, or an empty one, selects every test. */
static bool selected(const char *name)
{
	const char *part = tap_arg_text("T");

	if (part == NULL)
		return true;
	for (;; name++) {
		const char *n = name, *p = part;

		while (*p != '\0' && *p != ' ' && *n == *p) {
			n++;
			p++;
		}
		if (*p == '\0' || *p == ' ')
			return true;
		if (*name == '\0')
			return false;
	}
}

int tap_run(void)
{
	const struct tap_test *const *t;
	unsigned failed = 0;

	for (t = __start_tap_tests; t < __stop_tap_tests; t++) {
		if (!selected((*t)->name))
			continue;
		running = *t;
		outcome = PASSED;
		asked_used = 0;
		number++;
		running->run();
		if (outcome == PASSED) {
			result_line("ok");
			format_print("\n");
		}
		failed += outcome == FAILED;
	}
	format_print("1..%u%s\n", number,
		     number ? "" : " # SKIP none selected");
	return failed != 0;
}
