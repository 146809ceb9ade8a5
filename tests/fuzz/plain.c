/* SPDX-License-Identifier: MIT */
/*
 * The targets without an engine:
 *
 *	PROGRAM ops|arena FILE...     replay what engines have found
 *	PROGRAM loop COUNT [SEED]     COUNT random arenas; SEED is the first's
 *	PROGRAM save FILE SEED        an arena's bytes, to be replayed
 *
 * Ends with status 0, or by a signal, the command to repeat it printed before.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

static const char *program;

/* What is being tried: a file, or, when that is NULL, an arena's seed. */
static const char *target, *file;
static unsigned long long arena_seed;

/* Nothing here allocates or uses stdio: it runs in a damaged process. */
static void on_signal(int number)
{
	format_print("\nfuzz: signal %d\n  again: %s ", number, program);
	if (file != NULL)
		format_print("%s %s\n", target, file);
	else
		format_print("loop 1 %llu\n", arena_seed);
	signal(number, SIG_DFL);
	raise(number);
}

static uint8_t input[1 << 16];

static int replay(void (*run)(const uint8_t *, size_t))
{
	FILE *f = fopen(file, "rb");
	size_t n;

	if (f == NULL) {
		fprintf(stderr, "fuzz: cannot read %s\n", file);
		return 2;
	}
	n = fread(input, 1, sizeof(input), f);
	fclose(f);
	run(input, n);
	return 0;
}

static int replay_all(char **files)
{
	unsigned count = 0;

	for (; *files != NULL; files++, count++) {
		file = *files;
		if (replay(strcmp(target, "ops") == 0 ? fuzz_ops : fuzz_arena))
			return 2;
	}
	printf("fuzz: %s: %u files\n", target, count);
	return 0;
}

/* SplitMix64 (public domain): neighbouring seeds give unlike bytes. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The bytes of arena_seed's arena into `input`; how many. */
static size_t make_input(void)
{
	uint64_t state = arena_seed;
	size_t n = 64 + (size_t)(next(&state) % 192);

	for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
		uint64_t word = next(&state);

		memcpy(input + i, &word, sizeof(word));
	}
	return n;
}

static int loop(unsigned long count)
{
	unsigned long long first = arena_seed;

	for (unsigned long i = 0; i < count; i++, arena_seed++)
		fuzz_arena(input, make_input());
	printf("fuzz: %lu arenas from seed %llu; at most %lu basic blocks "
	       "a call\n",
	       count, first, fuzz_most_blocks);
	return 0;
}

static int save(const char *path)
{
	FILE *f = fopen(path, "wb");
	size_t n = make_input();
	bool written = f != NULL && fwrite(input, 1, n, f) == n;

	if (f == NULL || fclose(f) != 0 || !written) {
		fprintf(stderr, "fuzz: cannot write %s\n", path);
		return 2;
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: %s ops|arena FILE...\n"
		"       %s loop COUNT [SEED]\n"
		"       %s save FILE SEED\n",
		program, program, program);
	return 2;
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS,
				      SIGFPE,  SIGILL,  SIGALRM};

	program = argv[0];
	target = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
	if (argc < 3)
		return usage();
	arena_seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	if (strcmp(target, "ops") == 0 || strcmp(target, "arena") == 0)
		return replay_all(argv + 2);
	if (strcmp(target, "loop") == 0)
		return loop(strtoul(argv[2], NULL, 0));
	if (strcmp(target, "save") == 0)
		return save(argv[2]);
	return usage();
}
