/* SPDX-License-Identifier: MIT */
/*
 * malloc_info, which writes to a stream: alone in its member, so that only a
 * program that asks for it has stdio for its sake.
 */
#include <errno.h>
#include <malloc.h>

#include "family.h"

/* glibc's <malloc.h> has brought FILE, but not this. */
int fprintf(FILE *stream, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#pragma GCC visibility push(default)
struct mallinfo2 mallinfo2(void);
int malloc_info(int options, FILE *fp);
#pragma GCC visibility pop

/*
 * Write the state of the one heap as XML, the elements that glibc has for an
 * arena.  0; EINVAL when options is not 0.
 */
int malloc_info(int options, FILE *fp)
{
	struct mallinfo2 info;

	if (options != 0)
		return EINVAL;
	info = mallinfo2();
	(void)fprintf(fp,
		      "<malloc version=\"1\">\n"
		      "<heap nr=\"0\">\n"
		      "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
		      "<system type=\"current\" size=\"%zu\"/>\n"
		      "</heap>\n"
		      "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
		      "<system type=\"current\" size=\"%zu\"/>\n"
		      "</malloc>\n",
		      info.ordblks, info.fordblks, info.arena, info.hblks,
		      info.hblkhd, info.arena + info.hblkhd);
	return 0;
}
