/* SPDX-License-Identifier: MIT */
/* A history in the formats of others. */
#ifndef EXPORT_H
#define EXPORT_H

struct history;

/*
 * As tests/bench/traces/README.md has it.  Warns when the bench would not take
 * it.  Exits with status 2 when the file cannot be written.
 */
void export_bench(const struct history *history, const char *path);

/* As glibc's mtrace writes it. */
void export_mtrace(const struct history *history, const char *path);

#endif
