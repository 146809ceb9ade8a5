/* SPDX-License-Identifier: MIT */
/*
 * What every board gives a firmware, with no libc.  On Cortex-M, handlers are
 * named as in CMSIS (SysTick_Handler, PendSV_Handler, HardFault_Handler, ...)
 * and weak: define one and it is yours.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

/* Exit statuses of the board itself. */
#define BOARD_STATUS_HEAP  69  /* board_port.c was told of a heap fault       */
#define BOARD_STATUS_FAULT 70  /* an exception that no one handles          */
#define BOARD_STATUS_RANGE 255 /* a status outside of 0 to 255 was given    */

/*
 * Write n bytes to the console, polling; they are out on return.  Any context.
 * In console_semihost.c or console_uart.c, whichever is linked.
 */
void board_write(const char *bytes, size_t n);

/* End the emulator with this status, 0 to 255.  Any context. */
_Noreturn void board_exit(int status);

/*
 * The arguments given to boards/run behind the program, joined by blanks; ""
 * when there are none.  Owned by the board, constant.  Not from an interrupt.
 */
const char *board_args(void);

/*
 * Where startup goes when main has returned: board_exit, weakly.  stdio.c
 * replaces it with exit, so that atexit functions and destructors run.
 */
_Noreturn void board_return(int status);

#endif
