/* SPDX-License-Identifier: MIT */
/* What the demo tells about its heap. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>

/* printf to the console, one line at most; allocates nothing. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text of any length to the console. */
void say_text(const char *text);

/*
 * Remember the heap as it is if more is in use than ever was at such a call.
 * Bytes in use only fall when something is freed: a call before every free
 * therefore sees the peak.
 */
void report_before_free(void);

/*
 * Report on the heap at its peak and now, when all should have been freed.
 * False iff something is still in use or the heap is damaged: says what.
 */
bool report_heap(void);

#endif
