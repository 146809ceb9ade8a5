# Arm MPS3 with the Cortex-M55 image AN547: hard float and vectors, 2 MiB.
BOARD_TARGET = cortex-m55
BOARD_MACHINE = mps3-an547
BOARD_CFLAGS = -mcpu=cortex-m55 -mthumb -mfloat-abi=hard
BOARD_DEFINES = -DBOARD_UART_CMSDK=0x59303000 -DBOARD_SYSTICK_HZ=32000000
BOARD_RAM = 2097152
