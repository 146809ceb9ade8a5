# Arm MPS2 with the Cortex-M4 image AN386: hard float, 4 MiB of data RAM.
BOARD_TARGET = cortex-m4
BOARD_MACHINE = mps2-an386
BOARD_CFLAGS = -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16
BOARD_DEFINES = -DBOARD_UART_CMSDK=0x40004000 -DBOARD_SYSTICK_HZ=25000000
BOARD_RAM = 4194304
