#!/bin/sh
# SPDX-License-Identifier: MIT
# malloc over the three memories of mps2-an385, 21 MiB, as linker/ names them, in
# every order of addresses: tests/banks/banks.c.
. tests/harness/tap.sh

out=build/tests/banks
mkdir -p $out
archive=build/cortex-m3/picolibc

# link ARCHIVE
link()
{
	arm-none-eabi-gcc --specs=picolibc.specs -mcpu=cortex-m3 -mthumb \
		-std=c11 -Os -g -Wall -Wextra -ffunction-sections -fno-builtin \
		-Iboards -Iport -Iheap -Itests/harness -nostartfiles -Llinker \
		-T linker/mps2-an385-banks.ld -Wl,--gc-sections \
		-o "$out/$1" boards/startup.c boards/semihost.c \
		boards/console_semihost.c tests/harness/format.c \
		tests/banks/banks.c "$archive/$1.a" 2>&1
}

runs()
{
	boards/run -t 60 mps2-an385 "$out/$1" "BANKS=$2" >$out/said 2>&1 ||
		cat $out/said
}

for name in heap-min heap; do
	verdict "$name.a over banks is linked" "$(link $name)"
	orders='012 021 102 120 201 210'
	[ $name = heap ] || orders='201'
	for order in $orders; do
		verdict "$name.a: banks in the order $order of addresses" \
			"$(runs $name "$order")"
		grep '^#' $out/said
	done
done

tap_end
