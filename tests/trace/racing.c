/* SPDX-License-Identifier: MIT */
/*
 * Threads that hand blocks to each other, for this machine: what one frees
 * another is given at once, so that events told out of order would look like
 * misuse.
 *
 *	TRACE=FILE racing
 */
#define _POSIX_C_SOURCE 200809L /* barriers */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "traced.h"

#define THREADS 4
#define ROUNDS  4000
#define PLACES  8

static _Atomic(void *) places[PLACES];
static pthread_barrier_t all_there;

static void *work(void *seed)
{
	unsigned x = (unsigned)(uintptr_t)seed;

	pthread_barrier_wait(&all_there);
	for (int i = 0; i < ROUNDS; i++) {
		void *block;

		x = x * 1103515245u + 12345u;
		block = malloc(16 + (x >> 16) % 3 * 16);
		if (x >> 28 == 0)
			block = realloc(block, 200);
		free(atomic_exchange(&places[(x >> 20) % PLACES], block));
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	traced_start();
	pthread_barrier_init(&all_there, NULL, THREADS);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) !=
		    0)
			return 2;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < PLACES; i++)
		free(places[i]);
	traced_stop();
}
