/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "map.h"

/* The chapters of ld's map, in their order. */
enum chapter { PREFACE, PULLS, DISCARDED, MEMORY, LAYOUT };

struct reader {
	struct map *map;
	const struct image *image;
	enum chapter chapter;
	char *name; /* a section's, when the rest is on the next line */
	bool output;
	size_t matches; /* output sections that are the program's */
	bool ended;     /* its last chapter's last line was there  */
};

static const struct {
	const char *title;
	enum chapter chapter;
} titles[] = {
	{"Archive member included ", PULLS},
	{"As-needed library included ", PREFACE},
	{"Discarded input sections", DISCARDED},
	{"Memory Configuration", MEMORY},
	{"Linker script and memory map", LAYOUT},
};

static char *copy(const char *text, size_t n)
{
	return need(strndup(text, n));
}

/* An array of n elements with room for one more; it grows by doubling. */
static void *room_in(void *array, size_t n, size_t size)
{
	if ((n & (n - 1)) != 0)
		return array;
	return need(reallocarray(array, n == 0 ? 1 : 2 * n, size));
}

/* "FILE (SYMBOL)", where FILE is empty for a symbol of -u or EXTERN. */
static void read_puller(struct map_pull *pull, const char *text)
{
	const char *open = NULL;
	const char *p;

	for (p = text; *p != '\0'; p++)
		if (*p == '(' && (p == text || p[-1] == ' '))
			open = p;
	if (open == NULL)
		return;
	p = strchr(open, ')');
	pull->symbol = copy(open + 1, p != NULL ? (size_t)(p - open - 1) : 0);
	pull->by = copy(text, open > text ? (size_t)(open - text - 1) : 0);
}

static void read_pull(struct reader *reader, const char *line)
{
	struct map *map = reader->map;
	const char *end;

	if (*line == ' ') {
		if (map->pull_count > 0)
			read_puller(&map->pulls[map->pull_count - 1],
				    line + strspn(line, " "));
		return;
	}
	end = strchr(line, ')');
	if (end != NULL) {
		struct map_pull *pull;

		map->pulls = room_in(map->pulls, map->pull_count,
				     sizeof(*map->pulls));
		pull = &map->pulls[map->pull_count++];
		pull->member = copy(line, (size_t)(end + 1 - line));
		pull->by = copy("", 0);
		pull->symbol = copy("", 0);
		read_puller(pull, end + 1 + strspn(end + 1, " "));
	}
}

static void read_memory(struct reader *reader, const char *line)
{
	struct map *map = reader->map;
	struct map_memory *memory;
	uint64_t origin;
	uint64_t length;
	char name[128];

	if (sscanf(line, "%127s 0x%" SCNx64 " 0x%" SCNx64, name, &origin,
		   &length) != 3 ||
	    strcmp(name, "*default*") == 0)
		return;
	map->memories = room_in(map->memories, map->memory_count,
				sizeof(*map->memories));
	memory = &map->memories[map->memory_count++];
	memory->name = copy(name, strlen(name));
	memory->origin = origin;
	memory->length = length;
}

/* The program must have each section that the map says it has. */
static void check_output(struct reader *reader, const char *name, uint64_t addr,
			 uint64_t size)
{
	const struct image *image = reader->image;

	for (size_t i = 0; i < image->section_count; i++) {
		const struct image_section *s = &image->sections[i];

		if (!s->in_memory || strcmp(s->name, name) != 0)
			continue;
		if (s->addr != addr || s->size != size)
			refuse(reader->map->path,
			       "is the map of another program, or of another "
			       "link: %s is %" PRIu64 " bytes at 0x%" PRIx64
			       " there, but %" PRIu64 " at 0x%" PRIx64
			       " in %s; link again with -Wl,-Map",
			       name, size, addr, s->size, s->addr, image->path);
		reader->matches++;
		return;
	}
}

/* What follows a section's name: ADDRESS SIZE [FILE]. */
static void read_place(struct reader *reader, const char *name, bool output,
		       const char *text)
{
	struct map *map = reader->map;
	struct map_piece *piece;
	uint64_t addr;
	uint64_t size;
	int used = 0;

	if (sscanf(text, " 0x%" SCNx64 " 0x%" SCNx64 " %n", &addr, &size,
		   &used) != 2 ||
	    used == 0)
		return;
	text += used;
	if (output) {
		check_output(reader, name, addr, size);
		return;
	}
	if (*text == '\0' || *name == '*')
		return;
	map->pieces =
		room_in(map->pieces, map->piece_count, sizeof(*map->pieces));
	piece = &map->pieces[map->piece_count++];
	piece->section = copy(name, strlen(name));
	piece->file = copy(text, strlen(text));
	piece->addr = addr;
	piece->size = size;
	piece->kept = reader->chapter == LAYOUT;
}

static void read_load(struct map *map, const char *file)
{
	map->loads = room_in(map->loads, map->load_count, sizeof(*map->loads));
	map->loads[map->load_count++] = copy(file, strlen(file));
}

/*
 * An output section begins at the left, an input section one blank in; what
 * does not fit beside a long name is on the next line.
 */
static void read_layout(struct reader *reader, const char *line)
{
	size_t indent = strspn(line, " ");
	const char *end;

	if (reader->name != NULL) {
		char *name = reader->name;

		reader->name = NULL;
		if (indent > 1)
			read_place(reader, name, reader->output, line);
		free(name);
	}
	if (strncmp(line, "LOAD ", 5) == 0) {
		read_load(reader->map, line + 5);
		return;
	}
	if (strncmp(line, "OUTPUT(", 7) == 0)
		reader->ended = true;
	if (indent > 1 || line[indent] == '\0' || strncmp(line, " *(", 3) == 0)
		return;
	end = strchr(line + indent, ' ');
	if (end == NULL) {
		reader->name = copy(line + indent, strlen(line + indent));
		reader->output = indent == 0;
	} else {
		char *name = copy(line + indent, (size_t)(end - line) - indent);

		read_place(reader, name, indent == 0, end);
		free(name);
	}
}

static void read_line(struct reader *reader, const char *line)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strncmp(line, titles[i].title, strlen(titles[i].title)) ==
		    0) {
			reader->chapter = titles[i].chapter;
			return;
		}
	switch (reader->chapter) {
	case PREFACE:
		break;
	case PULLS:
		read_pull(reader, line);
		break;
	case MEMORY:
		read_memory(reader, line);
		break;
	case DISCARDED:
	case LAYOUT:
		read_layout(reader, line);
		break;
	}
}

void map_read(struct map *map, const char *path, const struct image *image)
{
	struct reader reader = {.map = map, .image = image};
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	FILE *file = fopen(path, "r");

	memset(map, 0, sizeof(*map));
	map->path = path;
	if (file == NULL)
		refuse(path, "cannot be read: %s", strerror(errno));
	while ((n = getline(&line, &room, file)) >= 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		read_line(&reader, line);
	}
	if (ferror(file))
		refuse(path, "cannot be read: %s", strerror(errno));
	fclose(file);
	free(line);
	free(reader.name);
	if (!reader.ended)
		refuse(path, "is not a map file of GNU ld, or is cut short; "
			     "-Wl,-Map=FILE writes one");
	if (reader.matches == 0)
		refuse(path,
		       "is the map of another program: it has none of the "
		       "sections of %s",
		       image->path);
}

const char *map_file_at(const struct map *map, uint64_t addr)
{
	for (size_t i = 0; i < map->piece_count; i++) {
		const struct map_piece *p = &map->pieces[i];

		if (p->kept && addr >= p->addr && addr - p->addr < p->size)
			return p->file;
	}
	return NULL;
}

const struct map_pull *map_pull_of(const struct map *map, const char *file)
{
	for (size_t i = 0; i < map->pull_count; i++)
		if (strcmp(map->pulls[i].member, file) == 0)
			return &map->pulls[i];
	return NULL;
}

bool map_file_has(const struct map *map, const char *file, const char *text)
{
	for (size_t i = 0; i < map->piece_count; i++)
		if (strcmp(map->pieces[i].file, file) == 0 &&
		    strstr(map->pieces[i].section, text) != NULL)
			return true;
	return false;
}
