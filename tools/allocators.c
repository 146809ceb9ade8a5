/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "allocators.h"
#include "image.h"
#include "map.h"
#include "report.h"

/* What takes heap.a's malloc out of the archive, or fails the link. */
#define ANCHOR       "-Wl,--require-defined=heap_libc_malloc"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* heap.a's engine: one of these is in every program that has it. */
static const char *const engine[] = {
	"heap_default",
	"heap_take",
	"heap_alloc_from",
	"heap_alloc",
};

/* What heap.a's malloc, free, ... are made of. */
static const char *const family_parts[] = {
	"heap_libc_alloc",  "heap_libc_free",  "heap_libc_resize",
	"heap_libc_zalloc", "heap_libc_align",
};

/*
 * Data and functions that only that allocator has.  heap.a has some of these
 * names too, one byte each, so that a link with both fails: a size of 1 does
 * not count.
 */
static const struct {
	const char *allocator;
	const char *signs[4];
} libcs[] = {
	{"newlib's", {"__malloc_av_", "__malloc_trim_threshold"}},
	{"picolibc's (newer than 1.8)", {"__malloc_bucket_list"}},
	{"picolibc's",
	 {"__malloc_sbrk_top", "__malloc_grow_chunk", "__malloc_sbrk_aligned"}},
	{"newlib-nano's", {"__malloc_free_list", "__malloc_sbrk_start"}},
	{"glibc's", {"_int_malloc", "__libc_malloc"}},
};

/* What a program may bring instead of libc's, all of it or none. */
static const char *const family[] = {
	"malloc",
	"free",
	"calloc",
	"realloc",
	"memalign",
	"aligned_alloc",
	"posix_memalign",
	"malloc_usable_size",
	"reallocarray",
	"reallocf",
	"valloc",
	"pvalloc",
	"cfree",
	"_malloc_r",
	"_free_r",
	"_calloc_r",
	"_realloc_r",
	"_memalign_r",
	"_malloc_usable_size_r",
};

/* A file's name without its folders: "libc.a(member.o)". */
static const char *tail(const char *file)
{
	const char *from = file;

	for (const char *p = file; *p != '\0' && *p != '('; p++)
		if (*p == '/')
			from = p + 1;
	return from;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_archive(const char *name)
{
	size_t n = strcspn(name, "(");

	return n > 2 && strncmp(name + n - 2, ".a", 2) == 0;
}

static bool is_libc(const char *file)
{
	const char *name = tail(file);

	return (begins(name, "libc") || begins(name, "libg")) &&
	       !begins(name, "libgcc") && is_archive(name);
}

static bool is_named_heap(const char *file)
{
	const char *name = tail(file);

	return (begins(name, "heap") || begins(name, "libheap")) &&
	       is_archive(name);
}

/* The files of malloc's family carry these, whoever links them and how. */
static bool is_ours(const struct map *map, const char *file)
{
	return map_file_has(map, file, ".heap_libc_");
}

static const struct image_symbol *
first_of(const struct image *image, const char *const *names, size_t count)
{
	const struct image_symbol *symbol;

	for (size_t i = 0; i < count && names[i] != NULL; i++) {
		symbol = image_symbol(image, names[i]);
		if (symbol != NULL && symbol->size != 1)
			return symbol;
	}
	return NULL;
}

static const char *file_of(const struct allocators *found,
			   const struct image_symbol *symbol)
{
	const char *file = NULL;

	if (found->map != NULL)
		file = map_file_at(found->map, symbol->addr);
	return file;
}

/* Tell how a file came into the program, up to something of the user's. */
static void tell_why(const struct map *map, const char *file)
{
	const struct map_pull *pull;

	for (int steps = 0; steps < 6; steps++) {
		pull = map_pull_of(map, file);
		if (pull == NULL)
			return;
		if (*pull->by == '\0') {
			fact("    because -u or EXTERN asks for %s",
			     pull->symbol);
			return;
		}
		fact("    because %s needs %s", tail(pull->by), pull->symbol);
		file = pull->by;
	}
}

static void tell_allocator(const struct allocators *found, const char *name,
			   const struct image_symbol *symbol)
{
	const char *file = file_of(found, symbol);

	if (file == NULL) {
		fact("  %s, for it has %s", name, symbol->name);
		return;
	}
	fact("  %s, in %s", name, tail(file));
	tell_why(found->map, file);
}

/*
 * A program that has malloc and free only has no part of the family: they go
 * straight to the engine.  Without a map a hook that is not for heap_alloc
 * alone has to do.
 */
static const struct image_symbol *served_by_ours(const struct allocators *found)
{
	const struct image *image = found->image;
	bool hooked = image_symbol(image, "heap_libc_exhausted") != NULL;

	for (size_t i = 0; i < COUNT(family); i++) {
		const struct image_symbol *symbol =
			image_symbol(image, family[i]);
		const char *file =
			symbol != NULL ? file_of(found, symbol) : NULL;

		if (symbol != NULL &&
		    (file != NULL ? is_ours(found->map, file) : hooked))
			return symbol;
	}
	return NULL;
}

static void find_ours(struct allocators *found)
{
	const struct image *image = found->image;
	const struct image_symbol *part =
		first_of(image, family_parts, COUNT(family_parts));
	const struct image_symbol *symbol =
		first_of(image, engine, COUNT(engine));

	if (part == NULL)
		part = served_by_ours(found);
	found->ours = symbol != NULL;
	found->ours_malloc = part != NULL;
	if (part != NULL)
		tell_allocator(found, "ours (heap.a), serving malloc", part);
	else if (symbol != NULL)
		tell_allocator(found, "ours (heap.a), serving heap_alloc only",
			       symbol);
}

static void find_libcs(struct allocators *found)
{
	const struct image_symbol *symbol;

	for (size_t i = 0; i < COUNT(libcs); i++) {
		symbol = first_of(found->image, libcs[i].signs,
				  COUNT(libcs[i].signs));
		/* The names of one are a part of another's, further up. */
		if (symbol == NULL || (found->libc != NULL && i < 4))
			continue;
		found->others++;
		found->libc = libcs[i].allocator;
		found->sign = file_of(found, symbol);
		tell_allocator(found, libcs[i].allocator, symbol);
	}
}

/* A malloc that is nobody's that we know; or, with a map, a user's part. */
static void find_users(struct allocators *found)
{
	for (size_t i = 0; i < COUNT(family); i++) {
		const struct image_symbol *symbol =
			image_symbol(found->image, family[i]);
		const char *file =
			symbol != NULL ? file_of(found, symbol) : NULL;

		if (file == NULL || is_libc(file) || is_ours(found->map, file))
			continue;
		found->user = file;
		found->user_name = family[i];
		found->others++;
		fact("  another, in %s, which defines %s", tail(file),
		     family[i]);
		return;
	}
	if (!found->ours && found->others == 0 &&
	    image_symbol(found->image, "malloc") != NULL) {
		found->others++;
		fact("  one that heap-check does not know");
	}
}

void allocators_find(struct allocators *found, const struct image *image,
		     const struct map *map)
{
	*found = (struct allocators){.image = image, .map = map};
	fact("allocators:");
	find_ours(found);
	find_libcs(found);
	find_users(found);
	if (!found->ours && found->others == 0)
		fact("  none");
}

/* ---- what is wrong, and what to do about it ---------------------------- */

/* Where our archive stands among what the link was given; -1: nowhere. */
static long place_of(const struct map *map, bool (*is_it)(const char *file))
{
	for (size_t i = 0; i < map->load_count; i++)
		if (is_it(map->loads[i]))
			return (long)i;
	return -1;
}

static void judge_missing(const struct allocators *found)
{
	const struct map *map = found->map;
	long heap = map != NULL ? place_of(map, is_named_heap) : -1;
	long libc = map != NULL ? place_of(map, is_libc) : -1;

	if (map == NULL) {
		remedy("name heap.a before -lc and add " ANCHOR);
		remedy("run heap-check with the map (-Wl,-Map=FILE) as well: "
		       "it tells who asked for what");
	} else if (heap < 0) {
		remedy("heap.a is not on the link line: name the one of your "
		       "target and libc before -lc, and add " ANCHOR);
	} else if (libc >= 0 && heap > libc) {
		remedy("heap.a stands behind libc on the link line: name it "
		       "before -lc, and add " ANCHOR);
	} else {
		remedy("heap.a is on the link line, but nothing before it "
		       "needed malloc, so that ld passed it by: add " ANCHOR);
	}
}

/* A part of the family is ours, a part libc's. */
static void judge_two(const struct allocators *found)
{
	const struct map_pull *pull =
		found->sign != NULL ? map_pull_of(found->map, found->sign)
				    : NULL;

	problem("two heaps: ours and %s; a block of one that is given to the "
		"other's free destroys memory",
		found->libc);
	if (pull == NULL) {
		remedy("name heap.a, built for your libc, before -lc and "
		       "add " ANCHOR);
		return;
	}
	if (!found->ours_malloc)
		remedy("link the heap.a that is built for your libc: it has "
		       "malloc too; this one has heap_* only, and %s asks for "
		       "%s",
		       *pull->by != '\0' ? tail(pull->by) : "-u or EXTERN",
		       pull->symbol);
	else
		remedy("%s needs %s, which this heap.a does not define: link "
		       "the heap.a that is built for your libc (newlib's "
		       "serves newlib-nano too)",
		       *pull->by != '\0' ? tail(pull->by) : "-u or EXTERN",
		       pull->symbol);
}

/* An anchored malloc is ours whoever asks for it first. */
static void judge_anchor(const struct allocators *found)
{
	const struct map *map = found->map;

	/* Our linker scripts, which ask for the anchor, define the names. */
	if (map == NULL || !found->ours_malloc ||
	    image_symbol(found->image, "heap_ld_last") != NULL ||
	    image_symbol(found->image, "heap_ld_stack_size") != NULL)
		return;
	for (size_t i = 0; i < map->pull_count; i++) {
		const struct map_pull *pull = &map->pulls[i];

		if (!is_ours(map, pull->member))
			continue;
		if (*pull->by != '\0')
			note("malloc is ours because %s needs %s; unless your "
			     "link has linker/heap.ld, -lheap or " ANCHOR
			     ", libc's comes in the day that only libc needs "
			     "it",
			     tail(pull->by), pull->symbol);
		return;
	}
}

/* Nothing allocates: would what does so tomorrow get our heap? */
static void judge_none(const struct allocators *found)
{
	const struct map *map = found->map;
	bool ready = image_symbol(found->image, "heap_libc_malloc") != NULL;

	for (size_t i = 0; map != NULL && !ready && i < map->pull_count; i++)
		ready = is_ours(map, map->pulls[i].member);
	if (ready) {
		note("nothing in the program allocates, so that ld left the "
		     "heap out; what does will get ours");
		return;
	}
	problem("no heap at all: nothing in the program allocates");
	judge_missing(found);
}

void allocators_judge(const struct allocators *found)
{
	if (!found->ours && found->others == 0) {
		judge_none(found);
	} else if (found->user != NULL &&
		   (found->ours || found->libc != NULL)) {
		problem("two heaps: %s defines %s, but other names of "
			"malloc's family are %s; a block of one that is given "
			"to the other's free destroys memory",
			tail(found->user), found->user_name,
			found->libc != NULL && !found->ours_malloc ? found->libc
								   : "ours");
		remedy("take %s out of %s and let heap.a define the whole "
		       "family: name it before -lc and add " ANCHOR,
		       found->user_name, tail(found->user));
	} else if (found->ours && found->libc != NULL) {
		judge_two(found);
	} else if (found->others > 0) {
		problem("malloc is not ours: it is %s",
			found->libc != NULL   ? found->libc
			: found->user != NULL ? tail(found->user)
					      : "of an unknown allocator");
		judge_missing(found);
	}
	judge_anchor(found);
}
