/* SPDX-License-Identifier: MIT */
/* What the workloads share. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdbool.h>

/* The work of one program; false when it was not done as it should be. */
bool workload(void);

/* Says what went wrong, and returns false. */
bool went_wrong(const char *what);

#endif
