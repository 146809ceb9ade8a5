/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "source.h"
#include "trace_format.h"

#define LINE_MARK "heap-trace: "

struct file {
	const char *path;
	uint8_t *bytes;
	size_t size;
};

static void file_read(struct file *file, const char *path)
{
	FILE *from = fopen(path, "rb");
	size_t room = 0;
	size_t n;

	if (from == NULL)
		refuse(path, "cannot be read: %s", strerror(errno));
	*file = (struct file){.path = path};
	do {
		room = room == 0 ? 65536 : 2 * room;
		file->bytes = need(realloc(file->bytes, room + 1));
		n = fread(file->bytes + file->size, 1, room - file->size, from);
		file->size += n;
	} while (file->size == room);
	if (ferror(from))
		refuse(path, "cannot be read: %s", strerror(errno));
	file->bytes[file->size] = '\0';
	fclose(from);
}

static bool begins_with(const struct file *file, const char *magic, size_t n)
{
	return file->size >= n && memcmp(file->bytes, magic, n) == 0;
}

/* ---- lines of a console --------------------------------------------------- */

static int digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The bytes of one line behind its mark: how many, or -1. */
static long line_bytes(const char *text, uint8_t *to)
{
	uint8_t sum = 0;
	long n = 0;

	for (; digit(text[0]) >= 0 && digit(text[1]) >= 0; text += 2) {
		to[n] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		sum = (uint8_t)(sum + to[n++]);
	}
	if (text[0] != ' ' || digit(text[1]) < 0 || digit(text[2]) < 0 ||
	    (digit(text[1]) << 4 | digit(text[2])) != sum)
		return -1;
	return n;
}

/* Replace the file by what its lines say; false when there are none. */
static bool from_lines(struct file *file)
{
	char *line = (char *)file->bytes;
	uint8_t *to = file->bytes;
	size_t number = 0;
	bool found = false;

	while (line != NULL && *line != '\0') {
		char *next = strchr(line, '\n');
		char *mark;
		long n;

		number++;
		if (next != NULL)
			*next++ = '\0';
		mark = strstr(line, LINE_MARK);
		if (mark != NULL) {
			n = line_bytes(mark + strlen(LINE_MARK), to);
			if (n < 0)
				refuse(file->path,
				       "line %zu is damaged: its digits and "
				       "their sum do not agree; characters "
				       "were lost on the way",
				       number);
			to += n;
			found = true;
		}
		line = next;
	}
	if (found)
		file->size = (size_t)(to - file->bytes);
	return found;
}

/* ---- the ring -------------------------------------------------------------- */

static void from_ring(struct source *source, struct file *file)
{
	struct trace_ring ring;
	const uint8_t *records = file->bytes + sizeof(ring);
	size_t n;

	if (file->size < sizeof(ring))
		refuse(file->path,
		       "is truncated: %zu bytes, but the head of a ring has "
		       "%zu; dump all of the recorder's memory",
		       file->size, sizeof(ring));
	memcpy(&ring, file->bytes, sizeof(ring));
	if (ring.header_size > sizeof(ring.header) ||
	    ring.check != trace_ring_check(&ring) || ring.head >= ring.size ||
	    ring.tail >= ring.size)
		refuse(file->path, "is damaged: the head of the ring is not "
				   "what a recorder left");
	if (ring.size > file->size - sizeof(ring))
		refuse(file->path,
		       "is truncated: %zu bytes, but the ring has %zu; dump "
		       "all of the recorder's memory",
		       file->size, sizeof(ring) + ring.size);
	source->is_ring = true;
	source->lost = ring.lost;
	source->bytes = need(malloc(ring.header_size + ring.size));
	memcpy(source->bytes, ring.header, ring.header_size);
	source->size = ring.header_size;
	if (ring.head < ring.tail) {
		n = ring.size - ring.tail;
		memcpy(source->bytes + source->size, records + ring.tail, n);
		source->size += n;
		ring.tail = 0;
	}
	n = ring.head - ring.tail;
	memcpy(source->bytes + source->size, records + ring.tail, n);
	source->size += n;
}

/* ---- all --------------------------------------------------------------------- */

static _Noreturn void refuse_foreign(const struct file *file)
{
	if (begins_with(file, "\177ELF", 4))
		refuse(file->path, "is a program, not a trace; the program is "
				   "named first: heap-trace PROGRAM.elf TRACE");
	if (file->size >= TRACE_MAGIC_SIZE &&
	    begins_with(file, TRACE_MAGIC, TRACE_MAGIC_SIZE - 1))
		refuse(file->path,
		       "is a trace of version %u, this heap-trace knows "
		       "version %u; take the one that belongs to the heap "
		       "that wrote it",
		       file->bytes[TRACE_MAGIC_SIZE - 1],
		       TRACE_MAGIC[TRACE_MAGIC_SIZE - 1]);
	if (file->size == 0)
		refuse(file->path, "is empty: the program has not written a "
				   "trace there, or not yet");
	refuse(file->path, "is not a trace: it has neither what a recorder of "
			   "this heap writes nor console lines that begin "
			   "with \"" LINE_MARK "\"");
}

/* Several runs may be in one console log: the last one counts. */
static void take_last(struct source *source, const struct file *file)
{
	const uint8_t *at = file->bytes;
	const uint8_t *end = at + file->size;
	const uint8_t *last = at;

	while ((at = memmem(at, (size_t)(end - at), TRACE_MAGIC,
			    TRACE_MAGIC_SIZE)) != NULL) {
		source->traces++;
		last = at++;
	}
	source->size = (size_t)(end - last);
	source->bytes = need(malloc(source->size + 1));
	memcpy(source->bytes, last, source->size);
}

void source_read(struct source *source, const char *path)
{
	struct file file;

	*source = (struct source){0};
	file_read(&file, path);
	if (begins_with(&file, TRACE_RING_MAGIC, TRACE_MAGIC_SIZE)) {
		from_ring(source, &file);
	} else {
		if (!begins_with(&file, TRACE_MAGIC, TRACE_MAGIC_SIZE) &&
		    (!from_lines(&file) ||
		     !begins_with(&file, TRACE_MAGIC, TRACE_MAGIC_SIZE)))
			refuse_foreign(&file);
		take_last(source, &file);
	}
	free(file.bytes);
}
