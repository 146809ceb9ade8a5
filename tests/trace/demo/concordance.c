/* SPDX-License-Identifier: MIT */
/*
 * The traced demo: index the words of a text by line, drop those that come
 * once, print the rest, free everything; but for one mistake.
 *
 *	boards/run mps2-an385 concordance TRACE TEXT
 */
#define _GNU_SOURCE /* asprintf */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "heap_trace.h"
#include "semihost.h"
#include "traced.h"

#define BUCKETS   512
#define LINES_MAX 8 /* of a word that are printed */
#define SHOWN     5 /* words that are printed     */

struct entry {
	struct entry *next;
	char *word;
	unsigned *lines; /* from realloc */
	unsigned count, room;
};

static struct entry *buckets[BUCKETS];
static char *heading;

/* ---- the text ------------------------------------------------------------- */

static int file;

static int next_byte(void)
{
	static unsigned char bytes[256];
	static int have, at;

	if (at == have) {
		have = semihost_read(file, bytes, sizeof(bytes));
		at = 0;
	}
	return have <= 0 ? -1 : bytes[at++];
}

/* The next line as a block of its own, or NULL. */
static char *next_line(void)
{
	size_t n = 0, room = 16;
	char *line = malloc(room);
	int c;

	while ((c = next_byte()) >= 0 && c != '\n') {
		if (n + 1 == room)
			line = realloc(line, room *= 2);
		line[n++] = (char)c;
	}
	if (c < 0 && n == 0) {
		free(line);
		return NULL;
	}
	line[n] = '\0';
	return line;
}

/* ---- the index ------------------------------------------------------------- */

static struct entry **bucket_of(const char *word)
{
	unsigned sum = 0;

	while (*word != '\0')
		sum = 31 * sum + (unsigned char)*word++;
	return &buckets[sum % BUCKETS];
}

static struct entry *entry_of(const char *word)
{
	struct entry **bucket = bucket_of(word);
	struct entry *entry = *bucket;

	while (entry != NULL && strcmp(entry->word, word) != 0)
		entry = entry->next;
	if (entry != NULL)
		return entry;
	entry = calloc(1, sizeof(*entry));
	entry->word = strdup(word);
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

static void add(const char *word, unsigned line)
{
	struct entry *entry = entry_of(word);

	if (entry->count == entry->room) {
		entry->room = entry->room == 0 ? 2 : 2 * entry->room;
		entry->lines = realloc(entry->lines,
				       entry->room * sizeof(*entry->lines));
	}
	entry->lines[entry->count++] = line;
}

static void index_text(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	char *line;

	for (unsigned n = 1; (line = next_line()) != NULL; n++) {
		if (line[0] == '#') {
			/* The mistake: the last heading is still there. */
			heading = malloc(strlen(line) + 1);
			memcpy(heading, line, strlen(line) + 1);
		}
		for (char *p = line; *p != '\0';) {
			size_t word = strspn(p, letters);

			if (word >= 2) {
				char after = p[word];

				p[word] = '\0';
				add(p, n);
				p[word] = after;
			}
			p += word != 0 ? word : 1;
		}
		free(line);
	}
}

static void free_entry(struct entry *entry)
{
	free(entry->word);
	free(entry->lines);
	free(entry);
}

/* What comes once is no news. */
static void prune(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		struct entry **link = &buckets[i];

		while (*link != NULL) {
			struct entry *entry = *link;

			if (entry->count > 1) {
				link = &entry->next;
				continue;
			}
			*link = entry->next;
			free_entry(entry);
		}
	}
}

/* ---- the page --------------------------------------------------------------- */

static char **page;
static size_t page_lines;

static char *describe(const struct entry *entry)
{
	char *list = NULL, *longer;

	for (unsigned i = 0; i < entry->count && i < LINES_MAX; i++) {
		if (asprintf(&longer, "%s%s%u", list ? list : "",
			     list ? ", " : "", entry->lines[i]) < 0)
			board_exit(1);
		free(list);
		list = longer;
	}
	if (asprintf(&longer, "%4u %-14s %s%s", entry->count, entry->word, list,
		     entry->count > LINES_MAX ? ", ..." : "") < 0)
		board_exit(1);
	free(list);
	return longer;
}

static int compare(const void *a, const void *b)
{
	return -strcmp(*(char *const *)a, *(char *const *)b);
}

static void write_page(void)
{
	size_t room = 0;

	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct entry *e = buckets[i]; e != NULL; e = e->next) {
			if (page_lines == room) {
				room = room == 0 ? 16 : 2 * room;
				page = realloc(page, room * sizeof(*page));
			}
			page[page_lines++] = describe(e);
		}
	qsort(page, page_lines, sizeof(*page), compare);
	for (size_t i = 0; i < page_lines && i < SHOWN; i++)
		puts(page[i]);
}

static void free_all(void)
{
	for (size_t i = 0; i < page_lines; i++)
		free(page[i]);
	free(page);
	for (unsigned i = 0; i < BUCKETS; i++)
		while (buckets[i] != NULL) {
			struct entry *entry = buckets[i];

			buckets[i] = entry->next;
			free_entry(entry);
		}
	free(heading);
}

int main(void)
{
	const char *path = strrchr(board_args(), ' ');

	file = semihost_open(path != NULL ? path + 1 : "", SEMIHOST_READ);
	if (file < 0) {
		puts("concordance: there is no such text");
		return 1;
	}
	traced_start();
	heap_trace_mark(1);
	index_text();
	heap_trace_mark(2);
	prune();
	heap_trace_mark(3);
	write_page();
	heap_trace_mark(4);
	free_all();
	traced_stop();
}
