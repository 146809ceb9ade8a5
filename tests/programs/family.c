/* SPDX-License-Identifier: MIT */
/*
 * What a program on Linux may expect of malloc and its family, whichever way
 * the heap got into it.  Prints a line a claim that does not hold; status 0
 * when all do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __GLIBC__
struct mallinfo2 {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks,
		uordblks, fordblks, keepcost;
};
struct mallinfo2 mallinfo2(void);
int malloc_trim(size_t pad);
int malloc_info(int options, FILE *stream);
void *pvalloc(size_t n);
#endif

static int failures;

static void claim(int good, const char *sentence)
{
	if (good)
		return;
	failures++;
	printf("not so: %s\n", sentence);
}

/* The compiler may not know where a pointer comes from, nor a size. */
static void *hide(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

static size_t size(size_t n)
{
	__asm__ volatile("" : "+r"(n));
	return n;
}

static int is_aligned(const void *p, size_t align)
{
	return p != NULL && (uintptr_t)p % align == 0;
}

static int is_filled(const unsigned char *p, size_t n, int byte)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte)
			return 0;
	return 1;
}

static const size_t sizes[] = {0,      1,      4,       8,      9,      12,
			       16,     17,     24,      40,     100,    1000,
			       4000,   5000,   65536,   131000, 131072, 140000,
			       200000, 300000, 1000000, 5000000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void blocks_are_aligned_and_apart(void)
{
	unsigned char *p[SIZES];
	int aligned = 1, kept = 1, large_enough = 1;

	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < SIZES; i++) {
			p[i] = hide(malloc(size(sizes[i])));
			aligned &= is_aligned(p[i], 16);
			large_enough &= malloc_usable_size(p[i]) >= sizes[i];
			memset(p[i], (int)i, malloc_usable_size(p[i]));
		}
		for (size_t i = 0; i < SIZES; i++)
			kept &= is_filled(p[i], malloc_usable_size(p[i]),
					  (int)i);
		for (size_t i = 0; i < SIZES; i++)
			free(p[(i * 7 + round) % SIZES]);
	}
	claim(aligned, "malloc aligns to 16 bytes");
	claim(large_enough, "a block can be used up to its size");
	claim(kept, "blocks lie apart");
}

static void calloc_clears(void)
{
	int clear = 1;

	for (size_t i = 0; i < SIZES; i++) {
		unsigned char *p = hide(malloc(size(sizes[i])));

		memset(p, 0x5a, sizes[i]);
		free(p);
		p = hide(calloc(size(sizes[i]), 1));
		clear &= is_aligned(p, 16) && is_filled(p, sizes[i], 0);
		free(p);
	}
	claim(clear, "calloc clears, and aligns to 16 bytes");
	errno = 0;
	claim(hide(calloc(size(SIZE_MAX / 2), 3)) == NULL && errno == ENOMEM,
	      "a product that overflows is ENOMEM");
}

/* Every size to every other: through the bounds at which blocks are mapped. */
static void realloc_keeps(void)
{
	int kept = 1, aligned = 1;

	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < SIZES; k++) {
			size_t from = sizes[i] + 1, to = sizes[k] + 1;
			size_t least = from < to ? from : to;
			unsigned char *p = hide(malloc(size(from)));

			memset(p, (int)(i + 1), from);
			p = hide(realloc(p, size(to)));
			aligned &= is_aligned(p, 16);
			kept &= is_filled(p, least, (int)(i + 1));
			memset(p, 1, to);
			free(p);
		}
	claim(kept, "realloc keeps what was there");
	claim(aligned, "realloc aligns to 16 bytes");

	unsigned char *p = NULL;

	for (size_t n = 1; n < 3000000; n += n / 7 + 1) {
		p = hide(realloc(p, size(n)));
		p[n - 1] = (unsigned char)n;
		p[0] = 77;
	}
	claim(p[0] == 77, "a block grows step by step");
	errno = 0;
	claim(hide(realloc(p, size(SIZE_MAX / 2 + 10000))) == NULL &&
		      errno == ENOMEM && p[0] == 77,
	      "realloc that fails leaves the block as it was");
	claim(hide(realloc(p, size(0))) == NULL, "realloc to 0 frees");

	struct mallinfo2 before = mallinfo2(), during, after;

	p = hide(malloc(size(50000000)));
	during = mallinfo2();
	claim(hide(realloc(p, size(0))) == NULL, "and so of a large block");
	after = mallinfo2();
	claim(during.hblks == before.hblks + 1 &&
		      during.hblkhd >= before.hblkhd + 50000000 &&
		      after.hblks == before.hblks &&
		      after.hblkhd == before.hblkhd,
	      "mallinfo2 counts large blocks");
}

/*
 * Blocks that are allocated, changed and freed at random keep what is in them:
 * SEED=n in the environment for other dice.
 */
static void random_blocks_are_kept(void)
{
	enum { BLOCKS = 400, OPERATIONS = 200000 };
	static struct {
		unsigned char *p;
		size_t n;
	} all[BLOCKS];
	const char *chosen = getenv("SEED");
	unsigned long seed = chosen != NULL ? strtoul(chosen, NULL, 0) : 1;
	uint32_t dice = (uint32_t)seed * 2654435761u | 1;

	for (int i = 0; i < OPERATIONS; i++) {
		dice ^= dice << 13;
		dice ^= dice >> 17;
		dice ^= dice << 5;

		size_t k = dice % BLOCKS;
		size_t most = (size_t)8 << (dice >> 10) % 9;
		size_t n = (dice >> 14) % most + 1;
		size_t least = all[k].n < n ? all[k].n : n;
		unsigned char *p = all[k].p;

		if (!is_filled(p, all[k].n, (int)(k & 255))) {
			claim(0, "blocks are kept at random");
			printf("operation %d; again: SEED=%lu\n", i, seed);
			return;
		}
		if (p == NULL || (dice >> 8 & 3) != 0) {
			p = hide(realloc(p, size(n)));
			all[k].n = is_filled(p, least, (int)(k & 255)) ? n : 0;
			claim(all[k].n == n, "realloc at random keeps");
			memset(p, (int)k, n);
		} else {
			free(p);
			p = NULL;
			all[k].n = 0;
		}
		all[k].p = p;
	}
	for (int k = 0; k < BLOCKS; k++)
		free(all[k].p);
}

static void aligned_blocks_are(void)
{
	int aligned = 1, error = 0;

	for (size_t align = 1; align <= (size_t)4 << 20; align *= 2)
		for (size_t i = 0; i < SIZES; i++) {
			unsigned char *p =
				hide(memalign(size(align), size(sizes[i])));
			void *q = NULL;

			aligned &= is_aligned(p, align) && is_aligned(p, 8);
			memset(p, 1, malloc_usable_size(p));
			if (align >= sizeof(void *))
				error |= posix_memalign(&q, align,
							size(sizes[i]));
			aligned &= (uintptr_t)q % align == 0;
			free(p);
			free(hide(q));
		}
	claim(aligned && error == 0, "aligned blocks are aligned");

	void *q = &q;

	errno = 77;
	claim(posix_memalign(&q, size(24), 1) == EINVAL && q == &q &&
		      posix_memalign(&q, size(64), size(SIZE_MAX - 5)) ==
			      ENOMEM &&
		      q == &q && errno == 77,
	      "posix_memalign answers EINVAL and ENOMEM and keeps errno");
	q = hide(valloc(size(5000)));
	claim(is_aligned(q, 4096), "valloc gives pages");
	free(q);
	q = hide(pvalloc(size(5000)));
	claim(is_aligned(q, 4096) && malloc_usable_size(q) >= 8192,
	      "pvalloc gives whole pages");
	free(q);
}

static void too_much_is_enomem(void)
{
	errno = 0;
	claim(hide(malloc(size(PTRDIFF_MAX))) == NULL && errno == ENOMEM,
	      "PTRDIFF_MAX bytes are ENOMEM");
	errno = 0;
	claim(hide(malloc(size(SIZE_MAX))) == NULL && errno == ENOMEM,
	      "SIZE_MAX bytes are ENOMEM");
	errno = 0;
	claim(hide(memalign(size(SIZE_MAX / 2 + 1), size(SIZE_MAX / 2))) ==
			      NULL &&
		      errno == ENOMEM,
	      "so is an alignment that fits nowhere");
}

static void free_keeps_errno(void)
{
	int kept = 1;

	for (size_t i = 0; i < SIZES; i++) {
		void *p = hide(malloc(size(sizes[i])));

		errno = 4711;
		free(p);
		kept &= errno == 4711;
	}
	free(NULL);
	claim(kept && errno == 4711, "free keeps errno");
}

static void break_is_the_programs_too(void)
{
	char *now = sbrk(0), *mine = sbrk(1000);
	void *p;

	claim(now == mine, "sbrk answers the old break");
	memset(mine, 0x77, 1000);
	for (int i = 0; i < 100; i++) {
		p = hide(malloc(size(3000)));
		memset(p, 0, 3000);
		if (i % 2 != 0)
			free(p);
	}
	claim(is_filled((unsigned char *)mine, 1000, 0x77),
	      "what the program took by sbrk stays its own");
	errno = 0;
	claim(sbrk(PTRDIFF_MIN) == (void *)-1 && errno == ENOMEM,
	      "sbrk far below is ENOMEM");
	now = sbrk(0);
	claim(brk(now + 4096) == 0 && sbrk(0) == now + 4096 && brk(now) == 0 &&
		      sbrk(0) == now,
	      "brk sets the break");
	errno = 0;
	claim(brk((void *)size(4096)) == -1 && errno == ENOMEM,
	      "brk far below is ENOMEM");
}

static void trim_gives_back(void)
{
	enum { N = 1000 };
	static char *p[N];
	struct mallinfo2 before, after;

	for (int i = 0; i < N; i++) {
		p[i] = hide(malloc(size(10000)));
		memset(p[i], i, 10000);
	}
	before = mallinfo2();
	for (int i = 0; i < N; i += 2)
		free(p[i]);
	claim(malloc_trim(0) == 1, "trim finds free pages inside");
	for (int i = 1; i < N; i += 2)
		claim(is_filled((unsigned char *)p[i], 10000, i & 255),
		      "and leaves blocks alone");
	for (int i = 1; i < N; i += 2)
		free(p[i]);
	malloc_trim(0);
	after = mallinfo2();
	claim(before.uordblks >= 10000000 && after.uordblks < before.uordblks,
	      "mallinfo2 counts bytes in use");
	claim(after.arena + 5000000 < before.arena,
	      "the heap shrinks when all is freed");
}

static void malloc_info_tells(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *stream = open_memstream(&text, &n);
	void *p = hide(malloc(size(60000000)));

	claim(malloc_info(0, stream) == 0, "malloc_info answers 0");
	fclose(stream);
	claim(strstr(text, "<malloc version=\"1\">") == text &&
		      strstr(text, "<total type=\"mmap\" count=\"1\"") != NULL,
	      "malloc_info writes of the heap, and of large blocks");
	claim(malloc_info(1, stdout) == EINVAL, "it knows no options");
	free(p);
	free(text);
}

/* Does this end the process by SIGABRT, after a report? */
static int aborts(void (*misuse)(void))
{
	int status = 0, ends[2];
	char text[200];
	ssize_t n;

	if (pipe(ends) != 0)
		return 0;
	fflush(stdout);

	pid_t child = fork();

	if (child == 0) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		dup2(ends[1], 2);
		misuse();
		_exit(0);
	}
	close(ends[1]);
	n = read(ends[0], text, sizeof(text));
	close(ends[0]);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && n > 11 &&
	       memcmp(text, "heap: fault", 11) == 0;
}

static void free_twice(void)
{
	char *p = hide(malloc(size(100)));

	free(p);
	free(hide(p));
}

static void free_twice_among_many(void)
{
	char *p[20];

	for (int i = 0; i < 20; i++)
		p[i] = hide(malloc(size(100)));
	for (int i = 0; i < 20; i++)
		free(p[i]);
	free(hide(p[3]));
}

static void realloc_after_free(void)
{
	char *p = hide(malloc(size(100)));

	free(p);
	p = hide(realloc(hide(p), size(30)));
}

static void write_after_free(void)
{
	char *p = hide(malloc(size(100))), *q = hide(malloc(size(100)));

	free(p);
	memset(hide(p), 0x41, 100);
	memset(q, 0, 100);
	for (int i = 0; i < 20; i++)
		p = hide(malloc(size(100)));
}

static void free_mapped_twice(void)
{
	char *p = hide(malloc(size(40000000)));

	free(p);
	free(hide(p));
}

static void free_inside_mapped(void)
{
	char *p = hide(malloc(size(40000000)));

	memset(p, 0, 100000);
	free(hide(p + 4096));
}

static void free_static(void)
{
	static char block[200];

	free(hide(block + 16));
}

static void misuse_is_told(void)
{
	claim(aborts(free_twice), "a double free ends the process");
	claim(aborts(free_twice_among_many), "and one among many");
	claim(aborts(realloc_after_free), "and realloc of what was freed");
	claim(aborts(write_after_free), "and what is written after free");
	claim(aborts(free_mapped_twice), "a double free of a large block, too");
	claim(aborts(free_inside_mapped), "and free of an address inside one");
	claim(aborts(free_static), "and free of a static object");
}

int main(void)
{
	trim_gives_back();
	blocks_are_aligned_and_apart();
	calloc_clears();
	realloc_keeps();
	random_blocks_are_kept();
	aligned_blocks_are();
	too_much_is_enomem();
	free_keeps_errno();
	break_is_the_programs_too();
	malloc_info_tells();
	if (getenv("HEAP_UNCHECKED") == NULL)
		misuse_is_told();
	puts(failures == 0 ? "all as it should be" : "not all as it should be");
	return failures != 0;
}
