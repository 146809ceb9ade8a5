#!/bin/sh
# SPDX-License-Identifier: MIT
# The MPU's guard above the break, and the gap between heap and stack, on ARMv7-M,
# ARMv8-M, and an ARMv6-M without MPU: tests/banks/guard.c.
. tests/harness/tap.sh

out=build/tests/banks
mkdir -p $out

setting()
{
	sed -n "s/^$2 *= *//p" "boards/$1/board.mk"
}

link()
{
	# shellcheck disable=SC2046 # words
	arm-none-eabi-gcc --specs=picolibc.specs $(setting "$1" BOARD_CFLAGS) \
		-std=c11 -Os -g -Wall -Wextra -ffunction-sections -fno-builtin \
		-Iboards -Iport -Iheap -Itests/harness -nostartfiles -Llinker \
		-T "linker/$1.ld" -Wl,--gc-sections -o "$out/$1" \
		boards/startup.c boards/semihost.c boards/console_semihost.c \
		tests/harness/format.c tests/banks/guard.c \
		"build/$(setting "$1" BOARD_TARGET)/picolibc/heap.a" 2>&1
}

# ends STATUS BOARD [ARGUMENT]: complain unless the firmware ends with STATUS.
ends()
{
	expected=$1
	shift
	board=$1
	shift
	boards/run -t 60 "$board" "$out/$board" "$@" >$out/said 2>&1
	status=$?
	[ $status -eq "$expected" ] || {
		echo "ends with status $status, not $expected:"
		cat $out/said
	}
}

# What stands behind the word $1 in what was said, as a number.
said()
{
	word=$(sed -n "s/.*\<$1 \(0x[0-9a-f]*\).*/\1/p" $out/said)
	echo $((${word:-0}))
}

# The report names the guard's first byte, and a pc in overrun of board $1.
is_right()
{
	grep -q '^heap: fault: written behind the end of a block' $out/said ||
		echo "there is no report"
	[ "$(said mem)" -eq "$(said guard)" ] ||
		echo "the address is not the guard's first"
	# shellcheck disable=SC2046 # address and size
	set -- $(arm-none-eabi-nm -S "$out/$1" | awk '$4 == "overrun" {
		print "0x" $1, "0x" $2 }')
	pc=$(said caller)
	[ "$pc" -ge $(($1 & ~1)) ] && [ "$pc" -lt $(($1 + $2)) ] ||
		echo "the pc is not where the write is"
}

for board in mps2-an385 mps2-an505 mps3-an547 microbit; do
	verdict "$board: linked" "$(link $board)"
	verdict "$board: the guard follows the break, the gap is right" \
		"$(ends 0 $board)"
	sed 's/^/# /' $out/said
	case $board in
	mps2-an505 | mps3-*)
		verdict "$board: a stack that overflows hits the guard" \
			"$(ends 69 $board stack
			grep -q '^heap: fault: .* mem 0x[0-9a-f]*$' $out/said ||
				cat $out/said)"
		;;
	*)
		verdict "$board: a stack that has overflowed is seen" \
			"$(ends 0 $board stack
			grep -q overflowed $out/said || cat $out/said)"
		;;
	esac
	sed 's/^/# /' $out/said
	[ $board != microbit ] || continue
	for how in hit masked; do
		verdict "$board: a write behind the last block is told, $how" \
			"$(ends 69 $board $how; is_right "$board" ||
				cat $out/said)"
		sed 's/^/# /' $out/said
	done
done

tap_end
