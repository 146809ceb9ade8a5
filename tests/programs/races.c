/* SPDX-License-Identifier: MIT */
/*
 * Threads on one heap, for tools that look for data races: ThreadSanitizer,
 * with the futex of the port for Linux and blocks that are mapped; and, with
 * MUTEX, helgrind, which knows no lock but pthread's.  With NO_LOCK they must
 * find something.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "blocks.h"

#ifdef NO_LOCK
const struct heap_port heap_port_default = {.sbrk = heap_linux_sbrk};
#endif

#ifdef MUTEX
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static uintptr_t lock(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&mutex);
	return 0;
}

static void unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
	pthread_mutex_unlock(&mutex);
}

const struct heap_port heap_port_default = {
	.sbrk = heap_linux_sbrk,
	.lock = lock,
	.unlock = unlock,
	.write = heap_linux_write,
	.fault = heap_linux_fault,
};
#endif

enum { THREADS = 8, KEPT = 32, OPERATIONS = 3000 };

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

static void *work(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg * 2654435761u;
	unsigned char *kept[KEPT] = {NULL};
	uintptr_t bad = 0;

	for (unsigned i = 0; i < OPERATIONS; i++) {
		uint32_t r = next(&state);
		unsigned char **p = &kept[r % KEPT];
		size_t n = r >> 8 & 0x1ff;

		if (r % 61 == 0)
			n += 140000;
		if (*p == NULL) {
			*p = r % 7 == 0 ? blocks_zalloc(n + 1, NULL)
					: blocks_alloc(n + 1, NULL);
		} else if (r % 3 == 0) {
			*p = blocks_resize(*p, n + 1, NULL);
		} else {
			blocks_free(*p, NULL);
			*p = NULL;
			continue;
		}
		bad |= *p == NULL || blocks_usable_size(*p, NULL) < n + 1;
		memset(*p, (int)r, n + 1);
		if (r % 501 == 0)
			bad |= heap_check(&heap_default, NULL) != HEAP_OK;
		if (r % 401 == 0)
			blocks_trim(0, NULL);
	}
	for (unsigned i = 0; i < KEPT; i++)
		blocks_free(kept[i], NULL);
	return (void *)bad;
}

int main(void)
{
	pthread_t thread[THREADS];
	uintptr_t bad = 0;

	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)(i + 1)))
			return 2;
	for (unsigned i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		bad |= (uintptr_t)result;
	}
	bad |= heap_check(&heap_default, NULL) != HEAP_OK;
	puts(bad ? "not as it should be" : "as it should be");
	return bad != 0;
}
