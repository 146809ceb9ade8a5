/* SPDX-License-Identifier: MIT */
/* The harness's functions for fuzz targets: dice of bytes, CHECKs that abort. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "format.h"
#include "tap.h"
#include "tap_io.h"

/* ---- dice -------------------------------------------------------------- */

static const uint8_t *at, *end;

void fuzz_load(const uint8_t *bytes, size_t n)
{
	at = bytes;
	end = bytes + n;
}

bool fuzz_left(void)
{
	return at != end;
}

static uint32_t take(unsigned bytes)
{
	uint32_t n = 0;

	while (bytes-- != 0)
		n = n << 8 | (at != end ? *at++ : 0u);
	return n;
}

/* No more bytes than it takes: engines do better on short inputs. */
uint32_t fuzz_below(uint32_t n)
{
	if (n < 2)
		return 0;
	return take(n <= 0x100 ? 1 : n <= 0x10000 ? 2 : 4) % n;
}

size_t fuzz_word(void)
{
	size_t high = sizeof(size_t) > 4 ? take(4) : 0;

	/* In two steps, for a word of 32 bits. */
	return (high << 16) << 16 | take(4);
}

uint32_t tap_rand(uint32_t *state)
{
	(void)state;
	return take(4);
}

uint32_t tap_below(uint32_t *state, uint32_t n)
{
	(void)state;
	return fuzz_below(n);
}

/* ---- CHECKs ------------------------------------------------------------ */

void tap_write(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(STDERR_FILENO, bytes, n);

		if (written <= 0)
			_exit(2);
		bytes += written;
		n -= (size_t)written;
	}
}

static void stop(const char *text, const char *file, int line)
{
	format_print("\nfuzz: %s:%d: false: %s\n", file, line, text);
	abort();
}

bool tap_check(bool holds, const char *text, const char *file, int line)
{
	if (!holds)
		stop(text, file, line);
	return true;
}

bool tap_check_eq(long long a, long long b, const char *a_text,
		  const char *b_text, const char *file, int line)
{
	if (a == b)
		return true;
	format_print("\nfuzz: %lld = 0x%llx is not %lld = 0x%llx: %s", a,
		     (unsigned long long)a, b, (unsigned long long)b, b_text);
	stop(a_text, file, line);
	return false;
}

bool tap_check_ptr_eq(uintptr_t a, uintptr_t b, const char *a_text,
		      const char *b_text, const char *file, int line)
{
	return tap_check_eq((long long)a, (long long)b, a_text, b_text, file,
			    line);
}

bool tap_check_str_eq(const char *a, const char *b, const char *a_text,
		      const char *b_text, const char *file, int line)
{
	(void)b;
	(void)b_text;
	return tap_check(a == b, a_text, file, line);
}

void tap_diag(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	format_list(format, list);
	va_end(list);
	format_print("\n");
}

void tap_skip(const char *format, ...)
{
	(void)format;
}

bool tap_fits(size_t bytes)
{
	return bytes <= FUZZ_MEMORY;
}

bool tap_failed(void)
{
	return false;
}

unsigned long tap_arg(const char *name, unsigned long otherwise)
{
	(void)name;
	return otherwise;
}

void *tap_arena(size_t *n)
{
	*n = FUZZ_MEMORY;
	return fuzz_memory(*n);
}
