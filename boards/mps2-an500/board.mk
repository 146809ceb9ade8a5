# Arm MPS2 with the Cortex-M7 image AN500: hard float, 4 MiB of data RAM.
BOARD_TARGET = cortex-m7
BOARD_MACHINE = mps2-an500
BOARD_CFLAGS = -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16
BOARD_DEFINES = -DBOARD_UART_CMSDK=0x40004000 -DBOARD_SYSTICK_HZ=25000000
BOARD_RAM = 4194304
