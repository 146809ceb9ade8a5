/* SPDX-License-Identifier: MIT */
/*
 * The demo: count the words of a file of the host, print the most frequent,
 * free everything, and report on the heap.
 *
 *	boards/run BOARD wordcount [--leak | --overrun | --double-free] FILE
 *
 * The options make one mistake each, to see how it is reported.  A word is a
 * run of letters, digits, _ and bytes above 127; A to Z count as a to z.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "heap.h"
#include "report.h"
#include "semihost.h"
#include "words.h"

#define MOST_FREQUENT 8
#define FIRST_BUFFER  8 /* bytes; doubled for longer words */

/* Exit statuses; a heap fault is BOARD_STATUS_HEAP. */
enum { DONE = 0, INPUT_REFUSED = 1, NOT_RETURNED = 2 };

enum mistake { NONE, LEAK, OVERRUN, DOUBLE_FREE };

enum answer { OK, NO_FILE, READ_ERROR, NO_MEMORY };

/* The file, and the word that is being read from it. */
struct reader {
	int file;
	long length;     /* of the file, -1 if unknown          */
	long read;       /* bytes so far                        */
	size_t have, at; /* bytes in `bytes`, and those used up */
	enum answer answer;
	char *word; /* from realloc, '\0' at its end       */
	size_t room;
	char bytes[64];
};

/* The next byte, or -1 at the end; a failure is in reader->answer. */
static int next_byte(struct reader *reader)
{
	if (reader->at == reader->have) {
		int n = semihost_read(reader->file, reader->bytes,
				      sizeof(reader->bytes));

		/* Some hosts answer a failure as if the file ended there. */
		if (n < 0 || (n == 0 && reader->read < reader->length))
			reader->answer = READ_ERROR;
		if (n <= 0)
			return -1;
		reader->read += n;
		reader->have = (size_t)n;
		reader->at = 0;
	}
	return (unsigned char)reader->bytes[reader->at++];
}

/* As a letter of a word, or -1. */
static int letter_of(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 'a';
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	    c > 127)
		return c;
	return -1;
}

static bool put_letter(struct reader *reader, size_t n, char c)
{
	if (n == reader->room) {
		size_t room = n == 0 ? FIRST_BUFFER : 2 * n;
		char *word = realloc(reader->word, room);

		if (word == NULL) {
			reader->answer = NO_MEMORY;
			return false;
		}
		reader->word = word;
		reader->room = room;
	}
	reader->word[n] = c;
	return true;
}

/* Read the next word to reader->word.  False at the end or a failure. */
static bool next_word(struct reader *reader)
{
	size_t n = 0;
	int c;

	do {
		c = next_byte(reader);
	} while (c >= 0 && letter_of(c) < 0);
	for (; c >= 0 && letter_of(c) >= 0; c = next_byte(reader))
		if (!put_letter(reader, n++, (char)letter_of(c)))
			return false;
	if (n == 0 || reader->answer != OK)
		return false;
	return put_letter(reader, n, '\0');
}

static enum answer count(const char *path, struct words *words)
{
	static struct reader reader;

	reader.file = semihost_open(path, SEMIHOST_READ);
	if (reader.file < 0)
		return NO_FILE;
	reader.length = semihost_length(reader.file);
	while (reader.answer == OK && next_word(&reader))
		if (!words_add(words, reader.word))
			reader.answer = NO_MEMORY;
	semihost_close(reader.file);
	report_before_free();
	free(reader.word);
	return reader.answer;
}

static enum answer print(const struct words *words, const char *path)
{
	struct word **sorted = words_sorted(words);

	if (sorted == NULL && words->different != 0)
		return NO_MEMORY;
	say_text(path);
	say(": %lu words, ", words->total);
	say("%lu of them different\n", (unsigned long)words->different);
	for (size_t i = 0; i < words->different && i < MOST_FREQUENT; i++) {
		say("%8lu ", sorted[i]->count);
		say_text(sorted[i]->text);
		say("\n");
	}
	report_before_free();
	free(sorted);
	return OK;
}

static void complain(enum answer answer, const char *path,
		     const struct words *words)
{
	const struct heap_region *region = &heap_region_linker;

	say("demo: cannot count the words of ");
	say_text(*path != '\0' ? path : "no file");
	say(":\n");
	switch (answer) {
	case OK:
		break;
	case NO_FILE:
		say("it cannot be opened; give a file that you may read: "
		    "INPUT=file\n");
		break;
	case READ_ERROR:
		say("it cannot be read; give a text file: INPUT=file\n");
		break;
	case NO_MEMORY:
		say("the heap of %lu bytes is full ",
		    (unsigned long)(region->end - region->start));
		say("after %lu words, %lu of them different;\n", words->total,
		    (unsigned long)words->different);
		say("give a smaller INPUT=file, or a BOARD with more RAM, "
		    "such as mps2-an385\n");
		break;
	}
}

/* One mistake on purpose; the compiler is not to see what it does. */
static void make(enum mistake mistake)
{
	char *volatile block;

	if (mistake == NONE)
		return;
	block = malloc(20);
	if (block == NULL)
		return;
	if (mistake == OVERRUN)
		memset(block, 'x', malloc_usable_size(block) + 1);
	if (mistake != LEAK)
		free(block);
	if (mistake == DOUBLE_FREE)
		free(block);
}

/* Take the option off the arguments, which leaves the path. */
static enum mistake option(const char **args)
{
	static const char *const names[] = {
		[LEAK] = "--leak ",
		[OVERRUN] = "--overrun ",
		[DOUBLE_FREE] = "--double-free ",
	};

	for (int i = LEAK; i <= DOUBLE_FREE; i++) {
		size_t n = strlen(names[i]);

		if (strncmp(*args, names[i], n) == 0) {
			*args += n;
			return (enum mistake)i;
		}
	}
	return NONE;
}

int main(void)
{
	const char *path = board_args();
	enum mistake mistake = option(&path);
	struct words words = {0};
	enum answer answer;
	bool returned;

	answer = count(path, &words);
	if (answer == OK)
		answer = print(&words, path);
	if (answer != OK)
		complain(answer, path, &words);
	make(mistake);
	words_free(&words);
	returned = report_heap();
	if (!returned)
		return NOT_RETURNED;
	return answer == OK ? DONE : INPUT_REFUSED;
}
