#!/bin/sh
# SPDX-License-Identifier: MIT
# Two cores share malloc under the spin lock; with interrupts masked alone they
# damage the heap.  On QEMU's mps2-an521, which is the mps2-an505 with a second
# Cortex-M33, and with a thread of the host for each core: no two runs are alike.
. tests/harness/tap.sh

out=build/threads
mkdir -p $out
heap=build/cortex-m33/picolibc/heap.a
[ -f $heap ] || {
	echo "1..0 # SKIP not built: make test builds it"
	exit 0
}

verdict "the program of two cores links" "$(
	arm-none-eabi-gcc --specs=picolibc.specs -mcpu=cortex-m33 -mthumb \
		-mfloat-abi=soft -std=c11 -Os -g -Wall -Wextra -Wpedantic \
		-Wconversion -Wshadow -Werror -fno-builtin \
		-ffunction-sections -Iboards -Iport -Iheap -Itests/harness \
		-nostartfiles -Llinker -T linker/mps2-an505.ld \
		-Wl,--gc-sections -o $out/cores tests/threads/cores.c \
		tests/harness/format.c boards/startup.c boards/semihost.c \
		boards/console_semihost.c $heap 2>&1
)"

cores()
{
	QEMU_ARGS="-M mps2-an521" boards/run -t 60 mps2-an505 $out/cores \
		"LOCK=$1" >$out/cores.txt 2>&1
}

verdict "two cores, spin lock: 400000 operations" \
	"$(cores spin || cat $out/cores.txt)"
sed "s/^/# /" $out/cores.txt
verdict "two cores, PRIMASK alone: the heap is damaged" \
	"$(cores mask && cat $out/cores.txt)"

tap_end
