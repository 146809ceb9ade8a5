/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "board.h"
#include "semihost.h"

enum operation {
	SYS_OPEN = 0x01,
	SYS_CLOSE = 0x02,
	SYS_WRITE = 0x05,
	SYS_READ = 0x06,
	SYS_FLEN = 0x0c,
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT_EXTENDED = 0x20
};

/* The reason for an exit that a program asks for: ADP_Stopped_Application. */
#define STOPPED_BY_PROGRAM 0x20026

/* Longest command line, its end mark included. */
#define ARGS_MAX 256

#ifdef __riscv
/* Known by the two instructions around it: not compressed, on one page. */
static intptr_t semihost(enum operation operation, const void *block)
{
	register uintptr_t a0 __asm__("a0") = operation;
	register const void *a1 __asm__("a1") = block;

	__asm__ volatile(".balign 16\n\t"
			 ".option push\n\t"
			 ".option norvc\n\t"
			 "slli zero, zero, 0x1f\n\t"
			 "ebreak\n\t"
			 "srai zero, zero, 7\n\t"
			 ".option pop"
			 : "+r"(a0)
			 : "r"(a1)
			 : "memory");
	return (intptr_t)a0;
}
#else
static intptr_t semihost(enum operation operation, const void *block)
{
	register uintptr_t r0 __asm__("r0") = operation;
	register const void *r1 __asm__("r1") = block;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return (intptr_t)r0;
}
#endif

/* volatile: else the compiler calls libc's strlen for this. */
static size_t text_length(const volatile char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return n;
}

int semihost_open(const char *path, enum semihost_mode mode)
{
	uintptr_t block[3] = {(uintptr_t)path, mode, text_length(path)};

	return (int)semihost(SYS_OPEN, block);
}

int semihost_read(int handle, void *bytes, size_t n)
{
	uintptr_t block[3] = {(uintptr_t)handle, (uintptr_t)bytes, n};
	intptr_t missing = semihost(SYS_READ, block);

	if (missing < 0 || (size_t)missing > n)
		return -1;
	return (int)(n - (size_t)missing);
}

int semihost_write(int handle, const void *bytes, size_t n)
{
	const char *from = bytes;

	while (n != 0) {
		uintptr_t block[3] = {(uintptr_t)handle, (uintptr_t)from, n};
		intptr_t missing = semihost(SYS_WRITE, block);

		if (missing < 0 || (size_t)missing > n)
			return -1;
		/* Less than all when a pipe is full: its reader is slow. */
		from += n - (size_t)missing;
		n = (size_t)missing;
	}
	return 0;
}

long semihost_length(int handle)
{
	uintptr_t block[1] = {(uintptr_t)handle};

	return (long)semihost(SYS_FLEN, block);
}

int semihost_close(int handle)
{
	uintptr_t block[1] = {(uintptr_t)handle};

	return (int)semihost(SYS_CLOSE, block);
}

_Noreturn void board_exit(int status)
{
	uintptr_t block[2] = {STOPPED_BY_PROGRAM, (uintptr_t)status};

	/* The host would keep the low 8 bits, and 256 would pass for 0. */
	if (status < 0 || status > 255)
		block[1] = BOARD_STATUS_RANGE;
	for (;;)
		semihost(SYS_EXIT_EXTENDED, block);
}

const char *board_args(void)
{
	static const char too_long[] = "board: more arguments than fit\n";
	static char line[ARGS_MAX];
	uintptr_t block[2] = {(uintptr_t)line, sizeof(line)};
	const char *args = line;

	if (semihost(SYS_GET_CMDLINE, block) != 0) {
		board_write(too_long, sizeof(too_long) - 1);
		board_exit(BOARD_STATUS_RANGE);
	}
	/* The first word is the program. */
	while (*args != '\0' && *args != ' ')
		args++;
	while (*args == ' ')
		args++;
	return args;
}
