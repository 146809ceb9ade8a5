# SPDX-License-Identifier: MIT
# A user's plain Makefile: PKG_CONFIG_LIBDIR tells where the heap is installed,
# HEAP which package, SPECS which libc.
PROGRAM = app
HEAP = heap-cortex-m3-picolibc
SPECS = --specs=picolibc.specs
CC = arm-none-eabi-gcc
CFLAGS = -mcpu=cortex-m3 -mthumb -Os -ffunction-sections -fdata-sections \
	$(SPECS) -Iboard $(shell pkg-config --cflags $(HEAP))
LDFLAGS = -nostartfiles -Lboard -T board/board.ld -Wl,--gc-sections

$(PROGRAM).elf: $(PROGRAM).c $(wildcard board/*.c)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-Map=$@.map -o $@ $^ \
		$(shell pkg-config --libs $(HEAP))
