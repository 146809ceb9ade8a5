/* SPDX-License-Identifier: MIT */
/* What of libc hands out blocks, or keeps some of its own. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "witness.h"

/* POSIX has %ms, ISO C has not. */
#pragma GCC diagnostic ignored "-Wformat"

#define EXITS 20

static int exits;

#ifdef __PICOLIBC__
/* Files, for a libc that leaves them to the program. */
int open(const char *path, int flags, ...);
int close(int fd);
long read(int fd, void *bytes, size_t n);
long write(int fd, const void *bytes, size_t n);
long lseek(int fd, long offset, int whence);

__attribute__((weak)) int open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	return 3;
}

__attribute__((weak)) int close(int fd)
{
	(void)fd;
	return 0;
}

__attribute__((weak)) long read(int fd, void *bytes, size_t n)
{
	(void)fd;
	(void)bytes;
	(void)n;
	return 0;
}

__attribute__((weak)) long write(int fd, const void *bytes, size_t n)
{
	(void)fd;
	(void)bytes;
	return (long)n;
}

__attribute__((weak)) long lseek(int fd, long offset, int whence)
{
	(void)fd;
	(void)offset;
	(void)whence;
	return 0;
}
#endif

static void count_exit(void)
{
	exits++;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void strings(void)
{
	char *copy = strdup("thirteen bytes");
	char *made = NULL;
	char *word = NULL;

	SHOW(copy != NULL && inside(copy));
	SHOW(asprintf(&made, "%s %f %d", "a", 0.5, 7) > 0 && inside(made));
	/* Not every libc knows %m. */
	if (sscanf("two words", "%ms", &word) == 1 && word != NULL)
		SHOW(inside(word) && strcmp(word, "two") == 0);
	free(word);
	free(made);
	free(copy);
}

static void streams(void)
{
	static char text[64];
	FILE *memory = fmemopen(text, sizeof(text), "w");
	FILE *file = fopen("heap-proof.txt", "r");

	SHOW(memory != NULL && fputs("in memory", memory) >= 0);
#ifdef __PICOLIBC__
	SHOW(inside(memory));
	SHOW(inside(file));
#else
	/* The first few FILEs are static; what one buffers is not. */
	SHOW(inside(stdout->_bf._base));
#endif
	SHOW(fclose(memory) == 0);
	SHOW(strcmp(text, "in memory") == 0);
	if (file != NULL)
		fclose(file);
}

static void environment(void)
{
	SHOW(setenv("NAME", "a value", 1) == 0);
	SHOW(setenv("NAME", "a much longer value, for which to grow", 1) == 0);
	SHOW(inside(getenv("NAME")));
}

int main(void)
{
	int numbers[] = {3, 1, 2};
	time_t noon = 43200;

	printf("%f %s\n", 0.25, "first");
	strings();
	streams();
	environment();
	qsort(numbers, 3, sizeof(numbers[0]), compare);
	SHOW(numbers[0] == 1 && numbers[2] == 3);
	SHOW(gmtime(&noon)->tm_hour == 12);
	SHOW(localtime(&noon) != NULL);
	for (int i = 0; i < EXITS; i++)
		SHOW(atexit(count_exit) == 0);
	return shown();
}
