# QEMU's generic RISC-V machine, 32 bits, machine mode: 4 MiB code, 28 MiB data.
BOARD_TARGET = rv32imac
BOARD_QEMU = qemu-system-riscv32
BOARD_MACHINE = virt -m 32M -bios none
BOARD_CFLAGS = -march=rv32imac -mabi=ilp32 -mcmodel=medany
BOARD_SOURCES = riscv.c board_port.c console_semihost.c semihost.c
BOARD_RAM = 29360128
