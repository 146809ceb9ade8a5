/* SPDX-License-Identifier: MIT */
/* A program with two heaps: libc's for beside.c, ours for renamed.c. */
#ifndef BESIDE_H
#define BESIDE_H

#include <stdbool.h>
#include <stdint.h>

/* Does the block lie in the pool of our heap? */
bool is_ours(const void *block);

/* A block from libc's malloc. */
char *libc_block(void);

/* 0, or what went wrong: the program's exit status. */
int try_renamed(void);
int try_libc_block(void);

/* Frees what is no block, between the addresses of these two. */
void misuse(void);
void behind_misuse(void);

#endif
