/* SPDX-License-Identifier: MIT */
/*
 * What the startup of every processor does alike, with or without a libc: for
 * the one startup file that is linked.  linker/sections.ld defines the symbols.
 */
#ifndef STARTUP_H
#define STARTUP_H

#include <stdint.h>

#include "board.h"

extern char __stack[];
extern uint32_t __data_start[], __data_end[], __data_source[];
extern uint32_t __bss_start[], __bss_end[];
extern char __tls_base[];
extern void (*const __preinit_array_start[])(void);
extern void (*const __preinit_array_end[])(void);
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

int main(void);

/* picolibc's, where errno is thread-local; absent in other libcs. */
__attribute__((weak)) void _set_tls(void *tls);

/* volatile: else the compiler makes memcpy and memset of these, a libc's. */
static inline void ram_start(void)
{
	const uint32_t *from = __data_source;

	for (volatile uint32_t *to = __data_start; to < __data_end; to++)
		*to = *from++;
	for (volatile uint32_t *to = __bss_start; to < __bss_end; to++)
		*to = 0;
}

static inline void call_each(void (*const *from)(void),
			     void (*const *end)(void))
{
	while (from < end)
		(*from++)();
}

/* Behind ram_start: all of the program, and its end. */
static inline _Noreturn void program_run(void)
{
	if (_set_tls)
		_set_tls(__tls_base);
	call_each(__preinit_array_start, __preinit_array_end);
	call_each(__init_array_start, __init_array_end);
	board_return(main());
}

/* ---- for exceptions that nobody expected ------------------------------ */

/* A byte at a time: a loop that measures a string becomes libc's strlen. */
static inline void put_text(const char *text)
{
	for (; *text != '\0'; text++)
		board_write(text, 1);
}

static inline void put_word(const char *name, uintptr_t word)
{
	char digits[2 * sizeof(word)];

	for (int i = sizeof(digits) - 1; i >= 0; i--, word >>= 4)
		digits[i] = "0123456789abcdef"[word & 15];
	put_text(name);
	board_write(digits, sizeof(digits));
}

#endif
