/* SPDX-License-Identifier: MIT */
/*
 * The host behind semihosting.  Numbers are printed in hexadecimal because
 * that needs no division, whose routine would come from the compiler's
 * library and be counted as the allocator's.
 */
#include "bench.h"

enum { SYS_WRITE0 = 0x04, SYS_GET_CMDLINE = 0x15, SYS_EXIT_EXTENDED = 0x20 };
#define APPLICATION_EXIT 0x20026u

static char line[1024];
static size_t used;

static uintptr_t semihost(uintptr_t operation, const void *argument)
{
	register uintptr_t r0 __asm__("r0") = operation;
	register const void *r1 __asm__("r1") = argument;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

void bench_flush(void)
{
	line[used] = 0;
	semihost(SYS_WRITE0, line);
	used = 0;
}

static void put(char c)
{
	if (used == sizeof line - 1)
		bench_flush();
	line[used++] = c;
}

void bench_text(const char *text)
{
	while (*text)
		put(*text++);
}

void bench_hex(uint32_t value)
{
	unsigned shift = 28;

	put(' ');
	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		put("0123456789abcdef"[value >> shift & 15]);
		if (shift == 0)
			return;
	}
}

/* For people, in messages; by subtraction, see above. */
static void put_decimal(uint32_t value)
{
	static const uint32_t powers[] = {10000000, 1000000, 100000, 10000,
					  1000,     100,     10,     1};
	bool begun = false;

	for (unsigned i = 0; i < sizeof powers / sizeof *powers; i++) {
		char digit = '0';

		for (; value >= powers[i]; value -= powers[i])
			digit++;
		begun = begun || digit != '0';
		if (begun)
			put(digit);
	}
}

unsigned bench_arguments(uint32_t *words, unsigned n)
{
	static char text[128];
	struct {
		char *buffer;
		size_t length;
	} block = {text, sizeof text};
	const char *c = text;
	unsigned found = 0;

	semihost(SYS_GET_CMDLINE, &block);
	while (*c && *c != ' ')
		c++;
	while (*c && found < n) {
		uint32_t value = 0;

		for (c++; *c && *c != ' '; c++)
			value = value * 16 +
				(uint32_t)(*c <= '9' ? *c - '0'
						     : *c - 'a' + 10);
		words[found++] = value;
	}
	return found;
}

_Noreturn void bench_exit(unsigned status)
{
	const uint32_t block[2] = {APPLICATION_EXIT, status};

	bench_flush();
	semihost(SYS_EXIT_EXTENDED, block);
	for (;;)
		;
}

_Noreturn void bench_fail(const char *text)
{
	bench_flush();
	bench_text("error: ");
	if (bench_line) {
		bench_text(bench_trace->name);
		bench_text(".trace:");
		put_decimal(bench_line);
		bench_text(": ");
	}
	bench_text(text);
	bench_text("\n");
	bench_exit(1);
}
