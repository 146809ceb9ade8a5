/* SPDX-License-Identifier: MIT */
/*
 * A module as message-passing servers have it between their services and
 * malloc: a cookie at the end of each block says which service owns it, and
 * sums by service are kept.  It stands on malloc and malloc_usable_size alone;
 * the heap's own accounts by tag have to agree with it.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap_tags.h"

size_t malloc_usable_size(void *p);

#define SERVICES 4
#define MARK     0x5eedu

struct cookie {
	uint32_t size;
	uint16_t service;
	uint16_t mark;
};

static struct {
	size_t bytes;
	size_t blocks;
	size_t most;
} sum[SERVICES];

static unsigned current;

/* ---- the module --------------------------------------------------------- */

static struct cookie read_cookie(const char *p)
{
	struct cookie c;

	memcpy(&c, p + malloc_usable_size((void *)p) - sizeof(c), sizeof(c));
	return c;
}

/* Sign a block of the running service. */
static void *sign(char *p)
{
	size_t size;
	struct cookie c;

	if (p == NULL)
		return NULL;
	size = malloc_usable_size(p);
	c = (struct cookie){(uint32_t)size, (uint16_t)current, MARK};
	memcpy(p + size - sizeof(c), &c, sizeof(c));
	sum[current].blocks++;
	sum[current].bytes += size;
	if (sum[current].bytes > sum[current].most)
		sum[current].most = sum[current].bytes;
	return p;
}

/* Take a block from the service that owns it. */
static void *unsign(char *p)
{
	struct cookie c;

	if (p == NULL)
		return NULL;
	c = read_cookie(p);
	if (c.mark != MARK || c.size != malloc_usable_size(p)) {
		printf("a cookie is damaged\n");
		exit(1);
	}
	memset(p + c.size - sizeof(c), 0, sizeof(c));
	sum[c.service].blocks--;
	sum[c.service].bytes -= c.size;
	return p;
}

static void *service_malloc(size_t n)
{
	return sign(malloc(n + sizeof(struct cookie)));
}

static void *service_realloc(void *p, size_t n)
{
	return sign(realloc(unsign(p), n + sizeof(struct cookie)));
}

static void service_free(void *p)
{
	free(unsign(p));
}

static char *service_strdup(const char *text)
{
	return strcpy(service_malloc(strlen(text) + 1), text);
}

/* For lua_newstate. */
static void *service_lalloc(void *ud, void *p, size_t osize, size_t nsize)
{
	(void)ud;
	(void)osize;
	if (nsize != 0)
		return service_realloc(p, nsize);
	service_free(p);
	return NULL;
}

/* ---- services that use it ------------------------------------------------ */

static struct heap_tag tags[SERVICES];
static struct heap_tag_task task[1];
static struct heap_accounts accounts = {
	.tag = tags, .tags = SERVICES, .task = task, .tasks = 1};

static void run(unsigned service)
{
	current = service;
	heap_tag_set(&heap_default, service);
}

static void compare(void)
{
	const size_t more = 3 * sizeof(size_t);

	for (unsigned i = 0; i < SERVICES; i++) {
		struct heap_tag tag;
		bool agree;

		heap_tag_read(&heap_default, i, &tag);
		/* A tag counts the header and its own two words as well. */
		agree = tag.blocks == sum[i].blocks &&
			tag.bytes == sum[i].bytes + more * sum[i].blocks;
		printf("service %u: %u blocks, %s\n", i,
		       (unsigned)sum[i].blocks,
		       agree ? "accounts agree" : "ACCOUNTS DIFFER");
	}
}

int main(void)
{
	char *message[10], *state;

	setvbuf(stdout, NULL, _IONBF, 0);
	heap_accounts_start(&heap_default, &accounts);
	run(1);
	for (unsigned i = 0; i < 10; i++)
		message[i] = service_strdup("from service 1 to service 2");
	run(2);
	state = service_lalloc(NULL, NULL, 4, 1000);
	for (unsigned i = 0; i < 7; i++)
		service_free(message[i]);
	run(3);
	state = service_lalloc(NULL, service_lalloc(NULL, NULL, 0, 30), 30, 90);
	message[0] = service_malloc(0);
	run(0);
	compare();
	for (unsigned i = 7; i < 10; i++)
		service_free(message[i]);
	service_free(message[0]);
	state = service_lalloc(NULL, state, 90, 0);
	printf("then\n");
	compare();
	printf("service 1 had at most %s\n",
	       sum[1].most >= 280 ? "280 bytes or more" : "too few bytes");
	return state != NULL;
}
