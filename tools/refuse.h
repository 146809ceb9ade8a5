/* SPDX-License-Identifier: MIT */
/* How a tool ends that cannot go on. */
#ifndef REFUSE_H
#define REFUSE_H

/* Say "TOOL: PATH: ..." on stderr and exit with status 2. */
_Noreturn void refuse(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* `mem`, but exit with status 2 when it is NULL: memory is spent. */
void *need(void *mem);

#endif
