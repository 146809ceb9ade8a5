/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "image.h"
#include "map.h"
#include "report.h"
#include "span.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Less than this is a region that no program can work with; bytes. */
#define LEAST_REGION 64

/* Less than an exception and a call of printf take; bytes. */
#define LEAST_STACK 256

struct span {
	const struct image *image;
	const struct map *map;
	uint64_t start; /* first byte of the region    */
	uint64_t end;   /* first byte behind           */
};

/* Which script the symbols come from, told by a symbol that only it has. */
static const struct {
	const char *symbol;
	const char *script;
} scripts[] = {
	{"heap_ld_stack_size", "linker/sections.ld"},
	{"heap_ld_last", "linker/heap.ld, from another script's names"},
	{"_Min_Heap_Size", "an STM32 script"},
	{"__HeapBase", "a CMSIS script"},
	{"__data_source_size", "picolibc.ld"},
	{"__bss_end__", "binutils' default script"},
};

/* In order of how much they say; the first that exists counts. */
static const char *const starts[] = {
	"__heap_start", "__HeapBase", "__end__", "_end", "end",
};
static const char *const ends[] = {
	"__heap_end",
	"__HeapLimit",
	"__StackLimit",
	"__heap_limit",
};
static const char *const stack_tops[] = {
	"__stack", "_estack", "__StackTop", "__initial_sp", "_stack",
};
static const char *const stack_limits[] = {
	"__stack_limit",
	"__StackLimit",
};
static const char *const stack_sizes[] = {
	"__stack_size",
	"_Min_Stack_Size",
	"__STACK_SIZE",
};

static const struct image_symbol *
first_of(const struct image *image, const char *const *names, size_t count)
{
	const struct image_symbol *symbol = NULL;

	for (size_t i = 0; i < count && symbol == NULL; i++)
		symbol = image_symbol(image, names[i]);
	return symbol;
}

static const char *script_of(const struct image *image)
{
	for (size_t i = 0; i < COUNT(scripts); i++)
		if (image_symbol(image, scripts[i].symbol) != NULL)
			return scripts[i].script;
	return "an unknown script";
}

/* Sections that only keep room for the heap or the stack. */
static bool is_reserve(const struct image_section *section)
{
	return !section->has_bytes && (strstr(section->name, "heap") != NULL ||
				       strstr(section->name, "stack") != NULL);
}

static void check_sections(const struct span *span)
{
	const struct image *image = span->image;

	for (size_t i = 0; i < image->section_count; i++) {
		const struct image_section *s = &image->sections[i];

		if (!s->in_memory || s->size == 0 || is_reserve(s) ||
		    s->addr >= span->end || s->addr + s->size <= span->start)
			continue;
		problem("the region overlaps %s, which is at 0x%" PRIx64
			" .. 0x%" PRIx64 ": the heap would overwrite it",
			s->name, s->addr, s->addr + s->size);
		remedy("define __heap_start behind %s in the linker script, or "
		       "place %s elsewhere",
		       s->name, s->name);
	}
}

/* The lowest address that the stack may reach; `top` if nothing tells. */
static uint64_t stack_limit(const struct image *image, uint64_t top)
{
	const struct image_symbol *symbol =
		first_of(image, stack_limits, COUNT(stack_limits));

	if (symbol != NULL)
		return symbol->addr;
	symbol = first_of(image, stack_sizes, COUNT(stack_sizes));
	if (symbol != NULL && symbol->addr < top)
		return top - symbol->addr;
	return top;
}

static void check_stack(const struct span *span)
{
	const struct image_symbol *top =
		first_of(span->image, stack_tops, COUNT(stack_tops));
	uint64_t limit;

	if (top == NULL) {
		note("no symbol that heap-check knows tells where the stack "
		     "is, so that it could not be compared with the region");
		return;
	}
	limit = stack_limit(span->image, top->addr);
	if (limit < top->addr)
		fact("stack:   0x%" PRIx64 " .. 0x%" PRIx64 " (%s), %" PRIu64
		     " bytes",
		     limit, top->addr, top->name, top->addr - limit);
	else
		fact("stack:   down from 0x%" PRIx64 " (%s), size unknown",
		     top->addr, top->name);
	if (span->start >= top->addr || span->end <= limit - LEAST_STACK)
		return;
	if (span->end > limit) {
		problem("the region reaches over the stack: it ends at "
			"0x%" PRIx64 ", but the stack may come down to "
			"0x%" PRIx64,
			span->end, limit);
		remedy("define __heap_end = %s - the stack's size in bytes, or "
		       "lower",
		       top->name);
	} else if (top->addr - span->end < LEAST_STACK) {
		problem("the region leaves %" PRIu64 " bytes for the stack",
			top->addr - span->end);
		remedy("define __heap_end = %s - the stack's size in bytes, at "
		       "least %d",
		       top->name, LEAST_STACK);
	}
}

/* One MEMORY area must hold all of the region. */
static void check_memory(const struct span *span)
{
	const struct map *map = span->map;

	for (size_t i = 0; map != NULL && i < map->memory_count; i++) {
		const struct map_memory *m = &map->memories[i];

		if (span->start < m->origin ||
		    span->start - m->origin >= m->length)
			continue;
		if (span->end - m->origin > m->length) {
			problem("the region ends at 0x%" PRIx64 ", behind the "
				"end of memory %s, 0x%" PRIx64,
				span->end, m->name, m->origin + m->length);
			remedy("define __heap_end = ORIGIN(%s) + LENGTH(%s) - "
			       "the stack's size in bytes",
			       m->name, m->name);
		}
		return;
	}
	if (map != NULL && map->memory_count > 0) {
		problem("the region starts at 0x%" PRIx64 ", in no memory of "
			"the linker script",
			span->start);
		remedy("define __heap_start behind the last section in RAM");
	}
}

/* newlib's stock files; their _sbrk knows no region. */
static bool is_stock(const char *file)
{
	return strstr(file, "libnosys.a(") != NULL ||
	       strstr(file, "librdimon") != NULL;
}

/* A program's own sbrk feeds the heap, the region's symbols or not. */
static void check_sbrk(const struct span *span)
{
	static const char *const names[] = {"_sbrk", "sbrk"};

	for (size_t i = 0; span->map != NULL && i < COUNT(names); i++) {
		const struct image_symbol *symbol =
			image_symbol(span->image, names[i]);
		const char *file =
			symbol != NULL ? map_file_at(span->map, symbol->addr)
				       : NULL;

		if (file == NULL || map_file_has(span->map, file, ".heap_libc"))
			continue;
		if (is_stock(file)) {
			problem("the heap grows through %s of %s, which does "
				"not look where the region ends",
				names[i], file);
			remedy("name heap.a before -lnosys or -lrdimon: it has "
			       "an %s that does",
			       names[i]);
		} else if (strstr(file, "libc") == NULL) {
			note("%s is in %s: the heap grows through it, and "
			     "whether it heeds the region is up to it",
			     names[i], file);
		}
		return;
	}
}

/* Our own port reads two symbols; another port may do as it likes. */
static void tell_absent(const struct image *image,
			const struct image_symbol *start,
			const struct image_symbol *end)
{
	if (image_symbol(image, "heap_default") != NULL &&
	    image_symbol(image, "heap_region_linker") == NULL) {
		note("the heap's port does not use the linker script's region: "
		     "heap-check cannot see which memory it gives");
		return;
	}
	problem("no symbol says where the heap %s",
		start == NULL ? "starts" : "ends");
	if (start == NULL)
		remedy("define __heap_start in the linker script, behind .bss "
		       "and every other section in RAM");
	if (end == NULL)
		remedy("define __heap_end in the linker script: the lowest "
		       "address that the stack may reach");
	remedy("or name linker/heap.ld among the inputs of the link: it knows "
	       "the names that vendors use");
}

void span_check(const struct image *image, const struct map *map,
		bool serves_malloc)
{
	const struct image_symbol *start =
		first_of(image, starts, COUNT(starts));
	const struct image_symbol *end = first_of(image, ends, COUNT(ends));
	struct span span = {.image = image, .map = map};

	if (start == NULL || end == NULL ||
	    (image_symbol(image, "heap_default") != NULL &&
	     image_symbol(image, "heap_region_linker") == NULL)) {
		tell_absent(image, start, end);
		return;
	}
	span.start = start->addr;
	span.end = end->addr;
	fact("region:  0x%" PRIx64 " (%s) .. 0x%" PRIx64 " (%s), %" PRId64
	     " bytes",
	     span.start, start->name, span.end, end->name,
	     (int64_t)(span.end - span.start));
	fact("         from %s", script_of(image));
	if (span.end <= span.start) {
		problem("the region is %s: %s is 0x%" PRIx64 " and %s is "
			"0x%" PRIx64,
			span.end == span.start ? "empty" : "reversed",
			start->name, span.start, end->name, span.end);
		remedy("make .data, .bss or the stack smaller, or correct the "
		       "two symbols in the linker script");
		return;
	}
	if (span.end - span.start < LEAST_REGION) {
		problem("the region has only %" PRIu64 " bytes",
			span.end - span.start);
		remedy("make .data, .bss or the stack smaller");
	}
	check_sections(&span);
	check_stack(&span);
	check_memory(&span);
	if (serves_malloc)
		check_sbrk(&span);
}
