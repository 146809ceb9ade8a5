/* SPDX-License-Identifier: MIT */
/*
 * The first UART, polled, at whatever speed it resets to: the emulator does
 * not mind.  board.mk names its kind and address: BOARD_UART_<kind>=<base>.
 */
#include <stdint.h>

#include "board.h"

static volatile uint32_t *reg(uintptr_t base, unsigned offset)
{
	return (volatile uint32_t *)(base + offset);
}

#if defined BOARD_UART_CMSDK
static void uart_start(void)
{
	*reg(BOARD_UART_CMSDK, 0x10) = 16; /* BAUDDIV, 16 at least       */
	*reg(BOARD_UART_CMSDK, 0x08) = 1;  /* CTRL: transmitter on       */
}

static void uart_put(char c)
{
	while ((*reg(BOARD_UART_CMSDK, 0x04) & 1) != 0) /* STATE: full    */
		;
	*reg(BOARD_UART_CMSDK, 0x00) = (unsigned char)c;
}
#elif defined BOARD_UART_NRF
static void uart_start(void)
{
	*reg(BOARD_UART_NRF, 0x500) = 4; /* ENABLE                        */
	*reg(BOARD_UART_NRF, 0x008) = 1; /* STARTTX                       */
}

static void uart_put(char c)
{
	*reg(BOARD_UART_NRF, 0x11c) = 0; /* TXDRDY                        */
	*reg(BOARD_UART_NRF, 0x51c) = (unsigned char)c;
	while (*reg(BOARD_UART_NRF, 0x11c) == 0)
		;
}
#elif defined BOARD_UART_PL011
static void uart_start(void)
{
	*reg(BOARD_UART_PL011, 0x30) = 0x101; /* CR: UARTEN, TXE          */
}

static void uart_put(char c)
{
	while ((*reg(BOARD_UART_PL011, 0x18) & 0x20) != 0) /* FR: TXFF    */
		;
	*reg(BOARD_UART_PL011, 0x00) = (unsigned char)c;
}
#elif defined BOARD_UART_STM32
static void uart_start(void)
{
	*reg(BOARD_UART_STM32, 0x0c) = 0x2008; /* CR1: UE, TE             */
}

static void uart_put(char c)
{
	while ((*reg(BOARD_UART_STM32, 0x00) & 0x80) == 0) /* SR: TXE     */
		;
	*reg(BOARD_UART_STM32, 0x04) = (unsigned char)c;
}
#else
#error "BOARD_DEFINES in board.mk must name a UART: see boards/README.md"
#endif

void board_write(const char *bytes, size_t n)
{
	static int started;

	if (!started) {
		started = 1;
		uart_start();
	}
	while (n-- != 0)
		uart_put(*bytes++);
}
