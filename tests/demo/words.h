/* SPDX-License-Identifier: MIT */
/* A hash table that counts words.  It owns a copy of each. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	struct word *next; /* in the same bucket */
	char *text;        /* from strdup        */
	unsigned long count;
};

/* Zero-initialise; words_free leaves it so again. */
struct words {
	struct word **buckets; /* from calloc     */
	size_t bucket_count;   /* a power of two  */
	size_t different;
	unsigned long total;
};

/* Count `text` once more.  False iff memory is out; nothing is counted then. */
bool words_add(struct words *words, const char *text);

/*
 * The words, most frequent first, equally frequent ones by the alphabet: an
 * array of words->different pointers that the caller frees.  NULL iff there is
 * no word or no memory.
 */
struct word **words_sorted(const struct words *words);

void words_free(struct words *words);

#endif
