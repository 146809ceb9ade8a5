/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "words.h"

#define FIRST_BUCKETS 16

/* FNV-1a. */
static uint32_t hash(const char *text)
{
	uint32_t sum = 2166136261u;

	for (; *text != '\0'; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619u;
	return sum;
}

static struct word **bucket_of(const struct words *words, const char *text)
{
	return &words->buckets[hash(text) & (words->bucket_count - 1)];
}

/* Twice the buckets, so that a bucket has one word on average at most. */
static bool grow(struct words *words)
{
	struct word **old = words->buckets, **buckets;
	size_t was = old == NULL ? 0 : words->bucket_count;

	words->bucket_count = was == 0 ? FIRST_BUCKETS : 2 * was;
	buckets = calloc(words->bucket_count, sizeof(*buckets));
	if (buckets == NULL) {
		words->bucket_count = was;
		return false;
	}
	words->buckets = buckets;
	for (size_t i = 0; i < was; i++) {
		struct word *next;

		for (struct word *word = old[i]; word != NULL; word = next) {
			struct word **bucket = bucket_of(words, word->text);

			next = word->next;
			word->next = *bucket;
			*bucket = word;
		}
	}
	report_before_free();
	free(old);
	return true;
}

bool words_add(struct words *words, const char *text)
{
	struct word *word = NULL;

	if (words->buckets != NULL)
		word = *bucket_of(words, text);
	while (word != NULL && strcmp(word->text, text) != 0)
		word = word->next;
	if (word == NULL) {
		if (words->different == words->bucket_count && !grow(words))
			return false;
		word = malloc(sizeof(*word));
		if (word == NULL)
			return false;
		word->text = strdup(text);
		if (word->text == NULL) {
			report_before_free();
			free(word);
			return false;
		}
		struct word **bucket = bucket_of(words, text);

		word->count = 0;
		word->next = *bucket;
		*bucket = word;
		words->different++;
	}
	word->count++;
	words->total++;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct word *one = *(struct word *const *)a;
	const struct word *two = *(struct word *const *)b;

	if (one->count != two->count)
		return one->count > two->count ? -1 : 1;
	return strcmp(one->text, two->text);
}

struct word **words_sorted(const struct words *words)
{
	struct word **sorted;
	size_t n = 0;

	if (words->different == 0)
		return NULL;
	sorted = malloc(words->different * sizeof(struct word *));
	if (sorted == NULL)
		return NULL;
	for (size_t i = 0; i < words->bucket_count; i++)
		for (struct word *word = words->buckets[i]; word != NULL;
		     word = word->next)
			sorted[n++] = word;
	qsort(sorted, n, sizeof(struct word *), compare);
	return sorted;
}

void words_free(struct words *words)
{
	for (size_t i = 0; i < words->bucket_count; i++) {
		struct word *next;

		for (struct word *word = words->buckets[i]; word != NULL;
		     word = next) {
			next = word->next;
			free(word->text);
			free(word);
		}
	}
	free(words->buckets);
	*words = (struct words){0};
}
