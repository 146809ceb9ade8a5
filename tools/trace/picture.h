/* SPDX-License-Identifier: MIT */
/* The heap as a picture: addresses over time. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>

struct history;

/*
 * Write an SVG: above, live and taken bytes over time; below, who has which
 * address when.  Its size does not depend on the trace's.  Exits with status 2
 * when the file cannot be written.
 */
void picture_write(const struct history *history, const char *path,
		   const char *program, bool by_tag);

#endif
