/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

static const char *machine_name(unsigned machine)
{
	switch (machine) {
	case EM_ARM:
		return "Arm";
	case EM_AARCH64:
		return "Arm (64 bit)";
	case EM_RISCV:
		return "RISC-V";
	case EM_386:
		return "x86";
	case EM_X86_64:
		return "x86-64";
	default:
		return NULL;
	}
}

static void check_kind(struct image *image, Elf *elf, GElf_Ehdr *header)
{
	const char *path = image->path;

	if (elf_kind(elf) == ELF_K_AR)
		refuse(path, "is an archive; name the program that was linked "
			     "with it");
	if (elf_kind(elf) != ELF_K_ELF)
		refuse(path, "is not an ELF file; name the linker's output, "
			     "not a .bin or .hex made of it");
	if (gelf_getehdr(elf, header) == NULL)
		refuse(path, "is truncated or damaged: %s; link it again",
		       elf_errmsg(-1));
	image->machine = machine_name(header->e_machine);
	if (image->machine == NULL)
		refuse(path,
		       "is for a machine that the heap does not run on (ELF "
		       "machine %u; known are Arm, RISC-V and x86)",
		       header->e_machine);
	if (header->e_type == ET_REL)
		refuse(path, "is an object, not a linked program; name what "
			     "the linker made of it");
	if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
		refuse(path, "is not a program (ELF type %u)", header->e_type);
}

/* libelf reads what there is of a file that was cut short. */
static void check_length(struct image *image, Elf *elf, const GElf_Ehdr *header)
{
	size_t length = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	elf_rawfile(elf, &length);
	if (header->e_shoff != 0 &&
	    (header->e_shoff > length ||
	     (uint64_t)header->e_shnum * header->e_shentsize >
		     length - header->e_shoff))
		refuse(image->path,
		       "is truncated: %zu bytes, but its section headers are "
		       "behind that; copy or link it again",
		       length);
	while ((scn = elf_nextscn(elf, scn)) != NULL)
		if (gelf_getshdr(scn, &s) != NULL && s.sh_type != SHT_NOBITS &&
		    (s.sh_offset > length || s.sh_size > length - s.sh_offset))
			refuse(image->path,
			       "is truncated: %zu bytes, but section %zu ends "
			       "behind that; copy or link it again",
			       length, elf_ndxscn(scn));
}

static void read_sections(struct image *image, Elf *elf)
{
	size_t count = 0;
	size_t names = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	if (elf_getshdrnum(elf, &count) != 0 ||
	    elf_getshdrstrndx(elf, &names) != 0)
		refuse(image->path, "is damaged: %s", elf_errmsg(-1));
	image->sections = need(calloc(count + 1, sizeof(*image->sections)));
	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		struct image_section *to =
			&image->sections[image->section_count++];
		const char *name;

		if (gelf_getshdr(scn, &s) == NULL)
			refuse(image->path, "is damaged: %s", elf_errmsg(-1));
		name = elf_strptr(elf, names, s.sh_name);
		to->name = need(strdup(name != NULL ? name : ""));
		to->addr = s.sh_addr;
		to->size = s.sh_size;
		if (strcmp(to->name, ".interp") == 0)
			refuse(image->path,
			       "is linked dynamically: its malloc is what the "
			       "system finds when it starts; heap-check is for "
			       "programs that bring their own");
		/* .tbss is a template of thread variables, no place. */
		to->in_memory = (s.sh_flags & SHF_ALLOC) != 0 &&
				((s.sh_flags & SHF_TLS) == 0 ||
				 s.sh_type != SHT_NOBITS);
		to->has_bytes = s.sh_type != SHT_NOBITS;
	}
}

static void add_symbol(struct image *image, Elf *elf, const GElf_Sym *symbol,
		       size_t strings, bool thumb)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);
	const char *name = elf_strptr(elf, strings, symbol->st_name);
	struct image_symbol *to;

	if (name == NULL || *name == '\0' || symbol->st_shndx == SHN_UNDEF ||
	    type == STT_FILE || type == STT_SECTION || type == STT_TLS)
		return;
	to = &image->symbols[image->symbol_count++];
	to->name = need(strdup(name));
	to->addr = symbol->st_value;
	if (thumb && type == STT_FUNC)
		to->addr &= ~(uint64_t)1;
	to->size = symbol->st_size;
	to->global = GELF_ST_BIND(symbol->st_info) != STB_LOCAL;
}

static void read_symbols(struct image *image, Elf *elf, bool thumb)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr s = {0};
	Elf_Data *data;
	GElf_Sym symbol;
	size_t count;

	while ((scn = elf_nextscn(elf, scn)) != NULL)
		if (gelf_getshdr(scn, &s) != NULL && s.sh_type == SHT_SYMTAB)
			break;
	data = scn != NULL ? elf_getdata(scn, NULL) : NULL;
	count = data != NULL && s.sh_entsize != 0 ? s.sh_size / s.sh_entsize
						  : 0;
	image->symbols = need(calloc(count + 1, sizeof(*image->symbols)));
	for (size_t i = 0; i < count; i++)
		if (gelf_getsym(data, (int)i, &symbol) != NULL)
			add_symbol(image, elf, &symbol, s.sh_link, thumb);
	if (image->symbol_count == 0)
		refuse(image->path,
		       "is stripped: it has no symbols; name the file that the "
		       "linker wrote, before strip or objcopy");
}

void image_read(struct image *image, const char *path)
{
	GElf_Ehdr header;
	Elf *elf;
	int fd;

	memset(image, 0, sizeof(*image));
	image->path = path;
	fd = open(path, O_RDONLY);
	if (fd < 0)
		refuse(path, "cannot be read: %s", strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf == NULL)
		refuse(path, "cannot be read: %s", elf_errmsg(-1));
	check_kind(image, elf, &header);
	check_length(image, elf, &header);
	read_sections(image, elf);
	read_symbols(image, elf, header.e_machine == EM_ARM);
	elf_end(elf);
	close(fd);
}

const struct image_symbol *image_symbol(const struct image *image,
					const char *name)
{
	const struct image_symbol *found = NULL;

	for (size_t i = 0; i < image->symbol_count; i++)
		if (strcmp(image->symbols[i].name, name) == 0 &&
		    (found == NULL || image->symbols[i].global))
			found = &image->symbols[i];
	return found;
}
