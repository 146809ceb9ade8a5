/* SPDX-License-Identifier: MIT */
/* Frees twice under the port of port/README.md; ends with 7 behind its report. */
#include <stdlib.h>
#include <unistd.h>

void uart_put(char c);

void uart_put(char c)
{
	write(STDOUT_FILENO, &c, 1);
	/* Next, the fault would stop the processor. */
	if (c == '\n')
		_exit(7);
}

int main(void)
{
	void *block = malloc(10);

	free(block);
	free(block);
	return 1;
}
