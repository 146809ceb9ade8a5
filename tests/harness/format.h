/* SPDX-License-Identifier: MIT */
/* Text for the harness: a printf of about a screen, through tap_write. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>

/* Print as tap_diag describes; whole lines reach tap_write at their end. */
__attribute__((format(printf, 1, 2))) void format_print(const char *format,
							...);
__attribute__((format(printf, 1, 0))) void format_list(const char *format,
						       va_list list);

/* Print a test's name: blanks for underscores. */
void format_sentence(const char *name);

#endif
