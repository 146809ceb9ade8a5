/* SPDX-License-Identifier: MIT */
#include "arithmetic.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(size_t) == 4, "compile this for 32 bits: -m32");

bool arithmetic_deep;
static uint64_t inputs;

bool arithmetic_wrong(const char *what, uint32_t at)
{
	printf("# wrong: %s at %#x\n", what, (unsigned)at);
	return false;
}

void arithmetic_count(uint64_t n)
{
	inputs += n;
}

static unsigned number, failed;
static const char *only; /* sentences with this in them */

static void run(const struct arithmetic *list, size_t n)
{
	for (const struct arithmetic *a = list; a < list + n; a++) {
		if (only != NULL ? strstr(a->sentence, only) == NULL
				 : !a->quick && !arithmetic_deep)
			continue;
		inputs = 0;

		bool holds = a->holds();

		failed += !holds;
		printf("%s %u - %s: %llu inputs\n", holds ? "ok" : "not ok",
		       ++number, a->sentence, (unsigned long long)inputs);
		fflush(stdout);
	}
}

/* arithmetic [deep [WORDS OF A SENTENCE]] */
int main(int argc, char **argv)
{
	arithmetic_deep = argc > 1 && strcmp(argv[1], "deep") == 0;
	only = argc > 2 ? argv[2] : NULL;
	run(arithmetic_inline, arithmetic_inline_number);
	run(arithmetic_calls, arithmetic_calls_number);
	printf("1..%u\n", number);
	return failed != 0;
}
