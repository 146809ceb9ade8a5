# Arm MPS2 with the Cortex-M33 image AN505: hard float, secure state, 4 MiB.
BOARD_TARGET = cortex-m33
BOARD_MACHINE = mps2-an505
BOARD_CFLAGS = -mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16
BOARD_DEFINES = -DBOARD_UART_CMSDK=0x50200000 -DBOARD_SYSTICK_HZ=20000000
BOARD_RAM = 4194304
