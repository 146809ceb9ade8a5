/* SPDX-License-Identifier: MIT */
/*
 * Threads that allocate, free what others allocated, and processes that fork
 * meanwhile: threads [THREADS [OPERATIONS [FORKS]]].  Status 0 when all blocks
 * kept their contents and every child could allocate.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 64

/* Blocks that wait for whoever takes them: to be freed by another thread. */
static _Atomic(unsigned char *) shelf[SLOTS];
static atomic_int bad;
static unsigned long operations = 20000;

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

/* A block says how long it is and what it is filled with. */
struct block {
	uint32_t n;
	unsigned char byte;
	unsigned char rest[];
};

static int is_whole(const struct block *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->rest[i] != b->byte)
			return 0;
	return 1;
}

static void put_away(unsigned char *p)
{
	if (p != NULL && !is_whole((struct block *)p))
		bad = 1;
	free(p);
}

static void *work(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg * 2654435761u + 1;

	for (unsigned long i = 0; i < operations && !bad; i++) {
		uint32_t r = next(&state);
		uint32_t n = r % 512 == 0 ? r >> 10 & 0x3ffff : r >> 10 & 0x1ff;
		struct block *b = malloc(sizeof(*b) + n);

		if (b == NULL) {
			bad = 1;
			break;
		}
		b->n = n;
		b->byte = (unsigned char)r;
		memset(b->rest, b->byte, n);
		if (r % 5 == 0 && n > 10) {
			b = realloc(b, sizeof(*b) + n / 2);
			b->n = n / 2;
		}
		put_away(atomic_exchange(&shelf[r >> 4 & (SLOTS - 1)],
					 (unsigned char *)b));
	}
	return NULL;
}

static int child_works(void)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0) {
		alarm(20);
		for (unsigned i = 1; i < 500; i++) {
			char *p = malloc(i * 10);

			if (p == NULL)
				_exit(2);
			memset(p, 1, i * 10);
			free(p);
		}
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int argc, char **argv)
{
	unsigned long threads = argc > 1 ? strtoul(argv[1], NULL, 0) : 8;
	unsigned long forks = argc > 3 ? strtoul(argv[3], NULL, 0) : 30;
	pthread_t thread[64];

	if (argc > 2)
		operations = strtoul(argv[2], NULL, 0);
	if (threads > 64)
		threads = 64;
	for (unsigned long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)(i + 1)))
			return 2;
	for (unsigned long i = 0; i < forks; i++)
		if (!child_works())
			bad = 2;
	for (unsigned long i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < SLOTS; i++)
		put_away(atomic_exchange(&shelf[i], NULL));
	printf("%lu threads, %lu forks: %s\n", threads, forks,
	       bad == 0   ? "all blocks kept"
	       : bad == 1 ? "a block was damaged"
			  : "a child could not allocate");
	return bad;
}
