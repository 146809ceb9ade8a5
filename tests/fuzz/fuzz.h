/* SPDX-License-Identifier: MIT */
/*
 * Fuzz targets: functions of a row of bytes.  Engines make up the bytes
 * (entry.c), or they come from files and a counted loop (plain.c).
 *
 * The harness is that of the tests, but for two things.  The dice, tap_rand and
 * tap_below, are the bytes; when these are used up every throw is 0.  A CHECK
 * that fails prints where and what, and aborts.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Operations on a sound heap, held against a shadow with contents. */
void fuzz_ops(const uint8_t *bytes, size_t n);

/* A small heap that is damaged, then looked at and used. */
void fuzz_arena(const uint8_t *bytes, size_t n);

/* ---- what targets use -------------------------------------------------- */

/* The dice are these bytes. */
void fuzz_load(const uint8_t *bytes, size_t n);

/* Is any byte left? */
bool fuzz_left(void);

/* 0 to n - 1. */
uint32_t fuzz_below(uint32_t n);

/* A word of bytes. */
size_t fuzz_word(void);

/*
 * n bytes, aligned to 16, whose end is the end of memory: a guard page lies
 * behind, and a page of pattern before, which fuzz_check_moat looks at.
 */
#define FUZZ_MEMORY ((size_t)1 << 15)
void *fuzz_memory(size_t n);
void fuzz_check_moat(const void *memory);

/*
 * What runs from here on may enter so many basic blocks of the heap before it
 * counts as a loop without an end; 0 ends the count.  Engines have a timeout
 * of their own: there this does nothing.
 */
void fuzz_budget(unsigned long blocks);

/* The most that was used of a budget so far. */
extern unsigned long fuzz_most_blocks;

#endif
