/* SPDX-License-Identifier: MIT */
#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "refuse.h"
#include "trace.h"

/* What tells one place of a program from another: see heap_trace.h. */
#define ANCHOR "heap_trace_anchor"

static struct {
	const char *path;
	Elf *elf;
	Dwfl *dwfl;
	Dwfl_Module *module;
	bool is_arm;
	bool is_loaded; /* anywhere, by a loader: its pointers are not yet there */
	unsigned
		word; /* bits of a pointer                                    */
	uint64_t moved; /* from the addresses of the file to those of the run */
	GElf_Addr bias; /* from those of the file to libdwfl's                */
} program;

/* ---- the file ------------------------------------------------------------------- */

static void open_elf(const char *path, GElf_Ehdr *header)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		refuse(path, "cannot be read: %s", strerror(errno));
	elf_version(EV_CURRENT);
	program.path = path;
	program.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (program.elf == NULL || elf_kind(program.elf) != ELF_K_ELF ||
	    gelf_getehdr(program.elf, header) == NULL)
		refuse(path, "is not an ELF file; name the linker's output, "
			     "and the trace behind it: heap-trace PROGRAM.elf "
			     "TRACE");
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		refuse(path, "is not a linked program; name what the linker "
			     "made of it");
	program.is_arm = header->e_machine == EM_ARM;
	program.is_loaded = header->e_type == ET_DYN;
	program.word = header->e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
}

/* Without Arm's bit that marks Thumb code. */
static uint64_t plain(uint64_t address)
{
	return program.is_arm ? address & ~(uint64_t)1 : address;
}

static bool find_symbol(const char *name, uint64_t *address)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr s;
	GElf_Sym symbol;

	while ((scn = elf_nextscn(program.elf, scn)) != NULL) {
		Elf_Data *data;

		if (gelf_getshdr(scn, &s) == NULL || s.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; gelf_getsym(data, i, &symbol) != NULL; i++) {
			const char *is = elf_strptr(program.elf, s.sh_link,
						    symbol.st_name);

			if (is != NULL && strcmp(is, name) == 0 &&
			    symbol.st_shndx != SHN_UNDEF) {
				*address = plain(symbol.st_value);
				return true;
			}
		}
	}
	return false;
}

/* ---- is it that of the trace? ------------------------------------------------------ */

static void check_place(const GElf_Ehdr *header, const struct trace *trace)
{
	uint64_t here;

	if (program.word != trace->word)
		refuse(program.path,
		       "does not match %s: it is a %u-bit program, the trace "
		       "is "
		       "of a %u-bit one",
		       trace->path, program.word, trace->word);
	if (!find_symbol(ANCHOR, &here))
		refuse(program.path,
		       "does not match %s: it has no " ANCHOR ", so it did not "
		       "record; or it is stripped: name what the linker wrote",
		       trace->path);
	program.moved = plain(trace->anchor) - here;
	if (header->e_type == ET_EXEC && program.moved != 0)
		refuse(program.path,
		       "does not match %s: " ANCHOR " is at 0x%" PRIx64
		       " here and was at 0x%" PRIx64 " there; it is another "
		       "build: take the ELF file of the program that ran",
		       trace->path, here, plain(trace->anchor));
}

static void check_build_id(const struct trace *trace)
{
	const void *id = NULL;
	ssize_t n = dwelf_elf_gnu_build_id(program.elf, &id);

	if (trace->id_size == 0)
		return;
	if (n <= 0)
		refuse(program.path,
		       "does not match %s: it has no build id; the program "
		       "that ran has one",
		       trace->path);
	if ((size_t)n != trace->id_size ||
	    memcmp(id, trace->id, (size_t)n) != 0)
		refuse(program.path,
		       "does not match %s: its build id is another; take the "
		       "ELF file of the program that ran",
		       trace->path);
}

/* The file's bytes for [from, from + n) of memory, or NULL. */
static const uint8_t *file_bytes(uint64_t from, uint64_t n)
{
	size_t count = 0;
	size_t length = 0;
	const char *file = elf_rawfile(program.elf, &length);
	GElf_Phdr p;

	elf_getphdrnum(program.elf, &count);
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(program.elf, (int)i, &p) != NULL &&
		    p.p_type == PT_LOAD && from >= p.p_vaddr &&
		    from - p.p_vaddr <= p.p_filesz &&
		    n <= p.p_filesz - (from - p.p_vaddr) &&
		    p.p_offset <= length && p.p_filesz <= length - p.p_offset)
			return (const uint8_t *)file + p.p_offset +
			       (from - p.p_vaddr);
	return NULL;
}

static void check_code(const struct trace *trace)
{
	uint64_t from = plain(trace->code) - program.moved;
	const uint8_t *bytes;

	if (trace->code_size == 0) {
		if (trace->id_size == 0)
			fprintf(stderr,
				"heap-trace: %s does not say what program it "
				"is of: I take your word for it (code in "
				"heap_trace.h)\n",
				trace->path);
		return;
	}
	bytes = file_bytes(from, trace->code_size);
	if (bytes == NULL)
		refuse(program.path,
		       "does not match %s: the program that ran has code at "
		       "0x%" PRIx64 ", %" PRIu64 " bytes; this has not",
		       trace->path, trace->code, trace->code_size);
	if (trace_sum(TRACE_SUM_START, bytes, trace->code_size) !=
	    trace->code_sum)
		refuse(program.path,
		       "does not match %s: its code is not that of the program "
		       "that ran; it was built again since then: take the ELF "
		       "file that ran, or record once more",
		       trace->path);
}

/* ---- names and lines ------------------------------------------------------------------ */

static void open_lines(const char *path)
{
	static const Dwfl_Callbacks callbacks = {
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};

	program.dwfl = dwfl_begin(&callbacks);
	program.module = dwfl_report_elf(program.dwfl, path, path, -1, 0, true);
	if (program.module == NULL)
		refuse(path, "cannot be read: %s", dwfl_errmsg(-1));
	dwfl_report_end(program.dwfl, NULL, NULL);
	dwfl_module_getelf(program.module, &program.bias);
}

void program_open(const char *path, const struct trace *trace)
{
	GElf_Ehdr header;

	open_elf(path, &header);
	check_place(&header, trace);
	check_build_id(trace);
	check_code(trace);
	open_lines(path);
}

uint64_t program_address(uint64_t address)
{
	uint64_t here = address - program.moved;

	return file_bytes(plain(here) - 1, 1) != NULL ? here : address;
}

/* ---- sites ------------------------------------------------------------------------------ */

struct known {
	uint64_t caller;
	unsigned site;
};

static char **sites; /* their names */
static unsigned site_count;
static struct known *known; /* a table of open addresses, never half full */
static size_t known_size, known_count;

static unsigned site_named(char *name)
{
	for (unsigned i = 0; i < site_count; i++)
		if (strcmp(sites[i], name) == 0) {
			free(name);
			return i;
		}
	sites = need(realloc(sites, (site_count + 1) * sizeof(*sites)));
	sites[site_count] = name;
	return site_count++;
}

/* A path without its folders. */
static const char *short_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static char *text(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static char *text(const char *format, ...)
{
	va_list arguments;
	char *to = NULL;

	va_start(arguments, format);
	if (vasprintf(&to, format, arguments) < 0)
		to = need(NULL);
	va_end(arguments);
	return to;
}

/* The innermost function whose text that is, inlined ones included; or NULL. */
static const char *function_at(uint64_t at)
{
	const char *name = NULL;
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(program.module, at, &bias);
	Dwarf_Die *scopes = NULL;
	int n = unit == NULL ? 0 : dwarf_getscopes(unit, at - bias, &scopes);

	for (int i = 0; i < n && name == NULL; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram ||
		    tag == DW_TAG_inlined_subroutine)
			name = dwarf_diename(&scopes[i]);
	}
	free(scopes);
	return name != NULL ? name : dwfl_module_addrname(program.module, at);
}

static unsigned site_of(uint64_t caller)
{
	/* Inside the call, not behind it: that may be the next line. */
	uint64_t here = plain(caller) - 1 - program.moved;
	uint64_t at = here + program.bias;
	const char *function = function_at(at);
	Dwfl_Line *line = dwfl_module_getsrc(program.module, at);
	const char *file;
	int number = 0;

	if (file_bytes(here, 1) == NULL)
		return site_named(text("0x%" PRIx64 " (a library)", caller));
	file = line == NULL
		       ? NULL
		       : dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	if (file != NULL && number != 0)
		return site_named(text("%s:%d (%s)", short_path(file), number,
				       function != NULL ? function : "?"));
	if (function != NULL)
		return site_named(text("%s (no line)", function));
	return site_named(text("0x%" PRIx64, caller));
}

static struct known *known_slot(uint64_t caller)
{
	size_t i = (size_t)(caller * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
		   (known_size - 1);

	while (known[i].caller != 0 && known[i].caller != caller)
		i = (i + 1) & (known_size - 1);
	return &known[i];
}

static void known_grow(void)
{
	struct known *old = known;
	size_t was = known_size;

	known_size = was == 0 ? 1024 : 2 * was;
	known = need(calloc(known_size, sizeof(*known)));
	for (size_t i = 0; i < was; i++)
		if (old[i].caller != 0)
			*known_slot(old[i].caller) = old[i];
	free(old);
}

unsigned program_site(uint64_t caller)
{
	struct known *slot;

	if (site_count == 0)
		site_named(text("?"));
	if (caller == 0)
		return 0;
	if (2 * known_count >= known_size)
		known_grow();
	slot = known_slot(caller);
	if (slot->caller == 0) {
		*slot = (struct known){caller, site_of(caller)};
		known_count++;
	}
	return slot->site;
}

const char *program_site_name(unsigned site)
{
	return sites[site];
}

/* ---- tags -------------------------------------------------------------------------------- */

static uint64_t file_word(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size-- != 0)
		value = value << 8 | bytes[size];
	return value;
}

/* A text in the file, or NULL when it does not end there. */
static const char *file_text(uint64_t at)
{
	for (uint64_t n = 1; n < 64; n++) {
		const uint8_t *bytes = file_bytes(at, n);

		if (bytes == NULL)
			return NULL;
		if (bytes[n - 1] == '\0')
			return (const char *)bytes;
	}
	return NULL;
}

const char *program_tag_name(unsigned tag)
{
	static char number[32];
	const size_t word = program.word / 8;
	uint64_t names, count;
	const uint8_t *bytes;
	const char *name = NULL;

	/* Where a loader fills in the pointers the file does not have them. */
	if (!program.is_loaded && find_symbol("heap_tag_names", &names) &&
	    find_symbol("heap_tag_count", &count) &&
	    (bytes = file_bytes(count, 4)) != NULL &&
	    tag < file_word(bytes, 4) &&
	    (bytes = file_bytes(names + tag * word, word)) != NULL)
		name = file_text(file_word(bytes, word));
	if (name != NULL)
		return name;
	snprintf(number, sizeof(number), "tag %u", tag);
	return number;
}
