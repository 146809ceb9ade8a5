/* SPDX-License-Identifier: MIT */
/* Memory that notices what is written beside it, and loops that end. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "format.h"
#include "tap.h"

#define PAGE ((size_t)4096)
#define MOAT 0xa5

/* [no access][page][FUZZ_MEMORY][no access] */
static unsigned char *pages;

static void map_pages(void)
{
	size_t n = FUZZ_MEMORY + 3 * PAGE;
	void *p = mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED ||
	    mprotect((char *)p + PAGE, n - 2 * PAGE, PROT_READ | PROT_WRITE)) {
		format_print("fuzz: no memory for an arena\n");
		exit(2);
	}
	pages = p;
}

void *fuzz_memory(size_t n)
{
	unsigned char *memory;

	if (pages == NULL)
		map_pages();
	memory = pages + 2 * PAGE + FUZZ_MEMORY - n;
	memset(memory - PAGE, MOAT, PAGE);
	return memory;
}

void fuzz_check_moat(const void *memory)
{
	static unsigned char moat[PAGE];

	if (moat[0] == 0)
		memset(moat, MOAT, PAGE);
	CHECK(memcmp((const char *)memory - PAGE, moat, PAGE) == 0);
}

unsigned long fuzz_most_blocks;
static unsigned long given, left;

void fuzz_budget(unsigned long blocks)
{
	if (given - left > fuzz_most_blocks)
		fuzz_most_blocks = given - left;
	given = left = blocks;
}

/* gcc's -fsanitize-coverage=trace-pc calls this in each basic block. */
void __sanitizer_cov_trace_pc(void);

#ifndef FUZZ_ENGINE
void __sanitizer_cov_trace_pc(void)
{
	if (left == 0 || --left != 0)
		return;
	format_print("\nfuzz: still at work after %lu basic blocks: a loop\n",
		     given);
	abort();
}
#endif
