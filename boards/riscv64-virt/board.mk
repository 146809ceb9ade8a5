# QEMU's generic RISC-V machine, 64 bits, machine mode: 4 MiB code, 28 MiB data.
BOARD_TARGET = rv64imac
BOARD_QEMU = qemu-system-riscv64
BOARD_MACHINE = virt -m 32M -bios none
BOARD_CFLAGS = -march=rv64imac -mabi=lp64 -mcmodel=medany
BOARD_SOURCES = riscv.c board_port.c console_semihost.c semihost.c
BOARD_RAM = 29360128
