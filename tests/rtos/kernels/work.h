/* SPDX-License-Identifier: MIT */
/* What the tasks and threads of the real kernels do. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKERS 3

/* How this kernel's program allocates. */
void *work_take(size_t n);
void work_give(void *p);

/* Allocate, verify, resize by malloc's realloc and free, so many times. */
void work(unsigned number, uint32_t operations);

/* From the tick interrupt: frees a block that a worker has given up. */
void work_tick(void);

/* The blocks that it has freed. */
extern volatile uint32_t work_freed;

/* All workers are done: is the heap sound?  Ends the program. */
_Noreturn void work_finish(void);
_Noreturn void work_fail(const char *what);

#endif
