/* SPDX-License-Identifier: MIT */
/* The harness on a POSIX host. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap_io.h"

static char **arguments;

/* write, not printf: stdio allocates, and malloc may be what is under test. */
void tap_write(const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, n);

		if (written <= 0)
			_exit(2);
		bytes += written;
		n -= (size_t)written;
	}
}

const char *tap_arg_text(const char *name)
{
	char upper[32];
	size_t i;

	for (char **word = arguments; *word; word++) {
		const char *value = tap_arg_value(*word, name);

		if (value)
			return value;
	}
	for (i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	upper[i] = '\0';
	return getenv(upper);
}

int main(int argc, char **argv)
{
	(void)argc;
	arguments = argv;
	return tap_run();
}
