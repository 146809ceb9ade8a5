/* SPDX-License-Identifier: MIT */
/* Has this process one thread? */
#ifndef HEAP_LIBC_HOST_ALONE_H
#define HEAP_LIBC_HOST_ALONE_H

#include "word.h"

/* glibc's; other libcs have none, and their programs lock. */
extern char __libc_single_threaded __attribute__((weak));

static WORD_HOT bool host_is_alone(void)
{
	return &__libc_single_threaded != NULL && __libc_single_threaded != 0;
}

#endif
