/* SPDX-License-Identifier: MIT */
/* What the harness needs from the machine it runs on, and gives to it. */
#ifndef TAP_IO_H
#define TAP_IO_H

#include <stddef.h>

/* Print n bytes; whole lines at a time, unless they are very long. */
void tap_write(const char *bytes, size_t n);

/*
 * The text behind "NAME=" among the program's arguments, up to a blank or the
 * end; NULL when it is absent.  The letters' case does not count.
 */
const char *tap_arg_text(const char *name);

/* Does `word` start with "name="?  Then what follows, else NULL. */
const char *tap_arg_value(const char *word, const char *name);

/* Run all tests (or those that T= selects); 0, or 1 if any failed. */
int tap_run(void);

#endif
