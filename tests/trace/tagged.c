/* SPDX-License-Identifier: MIT */
/*
 * Blocks with tags, whose names heap-trace finds in the program.
 *
 *	boards/run mps2-an385 tagged FILE
 */
#include <stdlib.h>

#include "heap.h"
#include "heap_tags.h"
#include "traced.h"

#define BLOCKS 20

/* In tag_names.c, by tools/heap-tags.pl in real programs. */
extern const char *const heap_tag_names[];
extern const unsigned heap_tag_count;

enum { OTHER, SENSOR, NETWORK, TAGS };

static struct heap_tag tags[TAGS];
static struct heap_tag_task tasks[1];
static struct heap_accounts accounts = {
	.tag = tags,
	.tags = TAGS,
	.task = tasks,
	.tasks = 1,
};

int main(void)
{
	void *samples[BLOCKS], *packet = NULL;

	for (unsigned i = 0; i < TAGS && i < heap_tag_count; i++)
		tags[i].name = heap_tag_names[i];
	if (!heap_accounts_start(&heap_default, &accounts))
		return 2;
	traced_start();
	heap_tag_set(&heap_default, SENSOR);
	for (int i = 0; i < BLOCKS; i++)
		samples[i] = malloc(100);
	heap_tag_set(&heap_default, NETWORK);
	for (int i = 0; i < BLOCKS; i++)
		packet = realloc(packet, 100u * ((unsigned)i + 1));
	heap_tag_set(&heap_default, OTHER);
	free(packet);
	for (int i = 0; i < BLOCKS; i++)
		free(samples[i]);
	traced_stop();
}
