/* SPDX-License-Identifier: MIT */
/* How the programs here are traced: where to, their words on the way say. */
#ifndef TRACED_H
#define TRACED_H

/*
 * Record the default heap from here on.  board_args() is "FILE [MANNER]": see
 * faulty.c.
 */
void traced_start(void);

/* End the trace; ends the run with status 2 when it could not be written. */
void traced_stop(void);

#endif
