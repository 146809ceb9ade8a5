/* SPDX-License-Identifier: MIT */
/* What heap-trace prints of a history. */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct history;

/* A time as text, "12.3 ms" or "1234 events"; until 4 more calls. */
const char *time_text(const struct history *history, double units);

/* Bytes as text, "12.3 KiB"; until 4 more calls. */
const char *bytes_text(double bytes);

/* How much there is, at its peak too. */
void report_summary(const struct history *history, const char *program);

/* Misuse, each with the lines that are concerned.  How many. */
size_t report_problems(const struct history *history);

/* What is live at the end, by site.  How many blocks. */
size_t report_leaks(const struct history *history, size_t rows);

/* The sites, or tags, that have most at the peak. */
void report_sites(const struct history *history, size_t rows);
void report_tags(const struct history *history, size_t rows);

/* Live bytes over time, lifetimes and sizes, as charts of text. */
void report_live(const struct history *history);
void report_lifetimes(const struct history *history);
void report_sizes(const struct history *history);

#endif
