/* SPDX-License-Identifier: MIT */
/* What a linked program says of itself: is its memory the heap's? */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether p is in the region that only the heap gives memory from. */
bool inside(const void *p);

/* Say on the console that `what` is not so, unless it is. */
void show(bool is_so, const char *what);
#define SHOW(condition) show((condition), #condition)

/* main's answer: 0 when everything that was to be shown is so, else 1. */
int shown(void);

#ifdef __cplusplus
}
#endif

#endif
