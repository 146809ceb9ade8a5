# A PC without firmware, started by PVH: a kernel in long mode, 16 MiB of data.
BOARD_TARGET = x86_64-kernel
BOARD_QEMU = qemu-system-x86_64
BOARD_MACHINE = microvm,accel=tcg -m 21M -no-reboot
BOARD_CFLAGS = -m64 -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables
BOARD_SOURCES = board_port.c
BOARD_RAM = 16777216
