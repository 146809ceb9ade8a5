/* SPDX-License-Identifier: MIT */
/* What heap-check says: facts at once, notes and problems at the end. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* A line on stdout; nothing when the user wants problems only. */
void fact(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Worth knowing, but the program is sound. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is wrong, a sentence; followed by one or more remedies for it. */
void problem(const char *format, ...) __attribute__((format(printf, 1, 2)));
void remedy(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print notes and problems, or what a sound program has; how many problems. */
size_t report_end(const char *path, const char *sound);

void report_set_quiet(bool quiet);

#endif
