#!/bin/sh
# SPDX-License-Identifier: MIT
# Running off the end of RAM, on the boards whose emulation faults there: a heap
# that ends where RAM ends is filled to its last byte and nothing faults; and a
# write behind it does fault, so that the first means something.
. tests/harness/tap.sh

out=build/tests/edge
mkdir -p $out
here=tests/link/edge

setting()
{
	sed -n "s/^$2 *= *//p" "boards/$1/board.mk"
}

# link BOARD ARCHIVE BYTES: a firmware whose region ends BYTES behind RAM.  The
# board's own script gets one half of RAM, where the stack ends up on top; the
# region is the other half.
link()
{
	ram=$(setting "$1" BOARD_RAM)
	origin=$(sed -n 's/.*RAM.*ORIGIN = \(0x[0-9a-f]*\).*/\1/p' \
		"linker/$1.ld")
	ram_end=$((origin + ram))
	sed "/RAM/s/LENGTH = .*/LENGTH = $((ram / 2))/" "linker/$1.ld" \
		>"$out/$1.ld"
	# shellcheck disable=SC2046 # words
	arm-none-eabi-gcc --specs=picolibc.specs $(setting "$1" BOARD_CFLAGS) \
		$(setting "$1" BOARD_DEFINES) -std=c11 -Os -g -Wall -Wextra \
		-ffunction-sections -fno-builtin -Iboards -Iport -Iheap \
		-nostartfiles -Llinker -T "$out/$1.ld" -Wl,--gc-sections \
		-Wl,--defsym=__heap_min=8,--defsym=edge_ram_end=$ram_end \
		-Wl,--defsym=edge_end=$((ram_end + $3)) -o "$out/firmware" \
		boards/startup.c boards/semihost.c boards/console_semihost.c \
		$here/edge.c "$2" 2>&1
}

# ends STATUS BOARD [ARGUMENT]: complain unless the firmware ends with STATUS.
ends()
{
	expected=$1
	shift
	board=$1
	shift
	boards/run "$board" $out/firmware "$@" >$out/said 2>&1
	status=$?
	[ $status -eq "$expected" ] || {
		echo "ends with status $status, not $expected:"
		cat $out/said
	}
}

# What "NAME 0x..." of the firmware's last words says, as a number.
said()
{
	word=$(sed -n "s/.* $1 \(0x[0-9a-f]*\).*/\1/p" $out/said)
	echo $((${word:-0}))
}

# The fault was at FUNCTION's code.
happened_in()
{
	# shellcheck disable=SC2046 # address and size
	set -- $(arm-none-eabi-nm -S $out/firmware | awk -v f="$1" '
		$4 == f { print "0x" $1, "0x" $2 }')
	pc=$(said pc)
	if [ "$pc" -lt $(($1 & ~1)) ] || [ "$pc" -ge $(($1 + $2)) ]; then
		echo "the fault is elsewhere:"
		cat $out/said
	fi
}

# The address that was written is at least $2; $1 is the board.  A Cortex-M0
# does not tell.
was_behind()
{
	[ "$(setting "$1" BOARD_TARGET)" = cortex-m0 ] && return
	at=$(said at)
	if [ "$at" -lt "$2" ] || [ "$at" -ge $(($2 + 64)) ]; then
		echo "the address is not behind RAM:"
		cat $out/said
	fi
}

# Not heap-debug.a, whose last bytes are a guard and not a block's.
for board in mps2-an505 stm32vldiscovery microbit; do
	target=$(setting $board BOARD_TARGET)
	for archive in heap-min heap; do
		title="$board, $archive.a"
		archive=build/$target/picolibc/$archive.a
		verdict "$title: to the last byte of RAM, without a fault" "$(
			link $board "$archive" 0 && ends 0 $board
		)"
		verdict "$title: a write behind RAM is a fault, and where" "$(
			link $board "$archive" 0 && ends 70 $board poke
			happened_in poke
			was_behind "$board" "$ram_end"
		)"
		verdict "$title: a region that ends behind RAM is noticed" "$(
			link $board "$archive" 64 && ends 70 $board
			was_behind "$board" "$ram_end"
		)"
	done
done

tap_end
