/* SPDX-License-Identifier: MIT */
/* A trace of what a workload does, for tools/trace. */
#ifndef WORKLOAD_TRACE_H
#define WORKLOAD_TRACE_H

#include <stdbool.h>

/*
 * Record the default heap from here on, into the host's file that is the first
 * word of board_args(); does nothing when there is none.  False: it cannot be
 * written.
 */
bool trace_begin(void);

/* End it, if there is one.  False: not all of it was written. */
bool trace_end(void);

#endif
