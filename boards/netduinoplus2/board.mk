# Netduino Plus 2, STM32F405: Cortex-M4, 1 MiB of flash, 128 KiB of RAM.
# Soft float, so that the archives are linked into both kinds of program.
BOARD_TARGET = cortex-m4
BOARD_MACHINE = netduinoplus2
BOARD_CFLAGS = -mcpu=cortex-m4 -mthumb
BOARD_DEFINES = -DBOARD_UART_STM32=0x40011000 -DBOARD_SYSTICK_HZ=168000000
BOARD_RAM = 131072
