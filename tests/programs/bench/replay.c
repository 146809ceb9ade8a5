/* SPDX-License-Identifier: MIT */
/*
 * Play a trace on whatever malloc there is: replay TRACE [ROUNDS].  Lines are
 * "a ID SIZE", "f ID", "r ID SIZE".  What is left is freed after each round.
 * The first byte of each page of a block is written, as a program would.
 */
#include <stdio.h>
#include <stdlib.h>

struct operation {
	char what;
	unsigned id;
	size_t n;
};

enum { IDS = 1 << 20 };

static struct operation operations[1 << 20];
static char *blocks[IDS];
static char buffer[65536];

/* In functions of their own, so that what they call can be counted. */
__attribute__((noinline)) void *traced_malloc(size_t n);
__attribute__((noinline)) void *traced_realloc(void *p, size_t n);
__attribute__((noinline)) void traced_free(void *p);

void *traced_malloc(size_t n)
{
	char *p = malloc(n);

	if (p == NULL)
		abort();
	return p;
}

void *traced_realloc(void *p, size_t n)
{
	p = realloc(p, n);
	if (p == NULL)
		abort();
	return p;
}

void traced_free(void *p)
{
	free(p);
	__asm__ volatile("");
}

static size_t load(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t count = 0;
	char line[100];

	if (file == NULL)
		return 0;
	setvbuf(file, buffer, _IOFBF, sizeof(buffer));
	while (count < sizeof(operations) / sizeof(operations[0]) &&
	       fgets(line, sizeof(line), file) != NULL) {
		struct operation *o = &operations[count];
		char *end = line;

		o->what = line[0];
		if (o->what != 'a' && o->what != 'f' && o->what != 'r')
			continue;
		o->id = (unsigned)strtoul(line + 1, &end, 10);
		o->n = strtoul(end, NULL, 10);
		if (o->id >= IDS)
			return 0;
		count++;
	}
	fclose(file);
	return count;
}

static void touch(char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? load(argv[1]) : 0;
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;

	if (count == 0) {
		fprintf(stderr, "usage: replay TRACE [ROUNDS]\n");
		return 2;
	}
	while (rounds-- != 0) {
		for (size_t i = 0; i < count; i++) {
			const struct operation *o = &operations[i];
			char **p = &blocks[o->id];

			if (o->what == 'a') {
				*p = traced_malloc(o->n);
			} else if (o->what == 'r') {
				*p = traced_realloc(*p, o->n);
			} else {
				traced_free(*p);
				*p = NULL;
				continue;
			}
			touch(*p, o->n);
		}
		for (size_t id = 0; id < IDS; id++)
			if (blocks[id] != NULL) {
				traced_free(blocks[id]);
				blocks[id] = NULL;
			}
	}
	return 0;
}
