/* SPDX-License-Identifier: MIT */
/* How the programs here are traced. */
#ifndef TRACED_H
#define TRACED_H

/*
 * Record the default heap from here on.  board_args() is "FILE [MANNER]", FILE
 * is the host's:
 *
 *	         the trace goes there
 *	lines    it goes to the console
 *	ring     the recorder's memory goes there in the end, as it is
 *	reset    the program resets itself at the end, and then finds the trace
 *	mtrace   glibc's text goes to the console
 */
void traced_start(void);

/* End the trace and the run; status 2 when it could not be written. */
_Noreturn void traced_stop(void);

#endif
