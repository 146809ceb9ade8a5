/* SPDX-License-Identifier: MIT */
/* Accounts by library, through the table that heap-tags makes. */
#include <stdio.h>
#include <stdlib.h>

#include "heap_tags.h"

#define TAGS 8

extern const char *const heap_tag_names[];
extern const unsigned heap_tag_count;
extern const struct heap_tag_range heap_tag_ranges[];
extern const size_t heap_tag_range_count;

char *red_work(void);
void *blue_work(void);

static struct heap_tag tags[TAGS];
static struct heap_accounts accounts = {.tag = tags};

int main(void)
{
	void *own;

	for (unsigned i = 0; i < heap_tag_count && i < TAGS; i++)
		tags[i].name = heap_tag_names[i];
	accounts.tags = heap_tag_count;
	accounts.range = heap_tag_ranges;
	accounts.ranges = heap_tag_range_count;
	if (!heap_accounts_start(&heap_default, &accounts))
		return 2;
	own = malloc(40);
	if (red_work() == NULL || blue_work() == NULL || own == NULL)
		return 3;
	heap_tags_dump(&heap_default);
	return 0;
}
