/* SPDX-License-Identifier: MIT */
/* The harness on a board. */
#include "board.h"
#include "tap_io.h"

void tap_write(const char *bytes, size_t n)
{
	board_write(bytes, n);
}

const char *tap_arg_text(const char *name)
{
	const char *word = board_args();

	for (;;) {
		const char *value = tap_arg_value(word, name);

		if (value)
			return value;
		while (*word != '\0' && *word != ' ')
			word++;
		if (*word++ == '\0')
			return NULL;
	}
}

int main(void);

int main(void)
{
	return tap_run();
}
