/* SPDX-License-Identifier: MIT */
/*
 * A workload without anybody's sources, so that how workloads end and are traced
 * can be tested where nothing is fetched: words, kept in order in a tree.  With
 * "leak" behind the trace's name it forgets one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "workload.h"

struct word {
	struct word *less, *more;
	char *text;
};

static bool insert(struct word **at, const char *text)
{
	struct word *w;

	while (*at != NULL) {
		int order = strcmp(text, (*at)->text);

		if (order == 0)
			return true;
		at = order < 0 ? &(*at)->less : &(*at)->more;
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return false;
	w->text = malloc(strlen(text) + 1);
	*at = w;
	if (w->text == NULL)
		return false;
	strcpy(w->text, text);
	return true;
}

/* Frees the tree, smallest first; the number of its words. */
static int take_down(struct word *w)
{
	int n = 0;

	while (w != NULL) {
		struct word *more = w->more;

		n += 1 + take_down(w->less);
		free(w->text);
		free(w);
		w = more;
	}
	return n;
}

bool workload(void)
{
	struct word *tree = NULL;
	char text[20];
	bool good = true;

	for (unsigned i = 0; i < 1000 && good; i++) {
		snprintf(text, sizeof(text), "w%u", i * 7919u % 503u);
		good = insert(&tree, text);
	}
	if (take_down(tree) != 503 || !good)
		good = went_wrong("each word is there once");
	if (strstr(board_args(), " leak") != NULL) {
		void *volatile lost = malloc(77); /* leaked */

		(void)lost;
	}
	return good;
}
