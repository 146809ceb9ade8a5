/* SPDX-License-Identifier: MIT */
/*
 * heap-check: has a linked program one heap, is it ours, and is its region
 * sound?  README.md shows what it says.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allocators.h"
#include "image.h"
#include "map.h"
#include "report.h"
#include "span.h"

static const char usage[] =
	"usage: heap-check [-q] PROGRAM.elf [PROGRAM.map]\n"
	"\n"
	"Tell whether PROGRAM, linked for Arm, RISC-V or x86, has exactly one\n"
	"heap, that of heap.a (or none yet), and whether the heap's region is "
	"sound.  With\n"
	"the map of the same link (-Wl,-Map=PROGRAM.map) also why.\n"
	"\n"
	"  -q  problems only\n"
	"  -h  this text\n"
	"Exit status: 0 all is well; 1 a problem was found; 2 the command or\n"
	"a file is not what it should be.\n";

int main(int argc, char **argv)
{
	struct allocators found;
	struct image image;
	struct map map;
	const char *sound;
	bool have_map;
	int option;

	while ((option = getopt(argc, argv, "qh")) != -1)
		switch (option) {
		case 'q':
			report_set_quiet(true);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (argc - optind < 1 || argc - optind > 2) {
		fputs(usage, stderr);
		return 2;
	}
	have_map = argc - optind == 2;
	image_read(&image, argv[optind]);
	if (have_map)
		map_read(&map, argv[optind + 1], &image);
	fact("%s: %s program", image.path, image.machine);
	allocators_find(&found, &image, have_map ? &map : NULL);
	allocators_judge(&found);
	if (found.ours)
		span_check(&image, have_map ? &map : NULL, found.ours_malloc);
	sound = found.ours ? "one heap, and it is ours"
			   : "no heap, and ours ready";
	return report_end(image.path, sound) == 0 ? 0 : 1;
}
