/* SPDX-License-Identifier: MIT */
/*
 * Play a trace on whatever malloc there is: replay TRACE [ROUNDS [STEP]].  Lines
 * are "a ID SIZE", "f ID", "r ID SIZE".  What is left is freed after each round.
 * The first byte of each page of a block is written, as a program would.  With
 * STEP the process's memory is looked at after every so many operations, and the
 * KiB by which it grew at most are printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* ---- memory -------------------------------------------------------------- */

/* KiB of pages that are this process's own; what getrusage tells is rounded. */
static long own_pages(void)
{
	static char text[4096];
	int file = open("/proc/self/smaps_rollup", O_RDONLY);
	ssize_t n = read(file, text, sizeof(text) - 1);
	const char *line;

	close(file);
	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "Anonymous:");
	if (line == NULL)
		abort();
	return strtol(line + 10, NULL, 10);
}

/* So that no page is counted which is none of the heap's. */
static void touch_the_rest(void)
{
	memset(operations, 1, sizeof(operations));
	memset(buffer, 1, sizeof(buffer));
	memset(blocks, 1, sizeof(blocks));
	memset(blocks, 0, sizeof(blocks));
	own_pages();
}

/* ---- the trace ------------------------------------------------------------ */

static void play(const struct operation *o)
{
	char **p = &blocks[o->id];

	if (o->what == 'a') {
		*p = traced_malloc(o->n);
	} else if (o->what == 'r') {
		*p = traced_realloc(*p, o->n);
	} else {
		traced_free(*p);
		*p = NULL;
		return;
	}
	touch(*p, o->n);
}

static void free_the_rest(void)
{
	for (size_t id = 0; id < IDS; id++)
		if (blocks[id] != NULL) {
			traced_free(blocks[id]);
			blocks[id] = NULL;
		}
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	unsigned long step = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	long before = 0, most = 0;
	size_t count;

	if (step != 0) {
		touch_the_rest();
		before = own_pages();
	}
	count = argc > 1 ? load(argv[1]) : 0;
	if (count == 0) {
		fprintf(stderr, "usage: replay TRACE [ROUNDS [STEP]]\n");
		return 2;
	}
	while (rounds-- != 0) {
		for (size_t i = 0; i < count; i++) {
			play(&operations[i]);
			if (step != 0 && i % step == 0) {
				long now = own_pages() - before;

				most = now > most ? now : most;
			}
		}
		free_the_rest();
	}
	if (step != 0)
		printf("%ld\n", most);
	return 0;
}
