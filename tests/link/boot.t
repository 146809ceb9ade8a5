#!/bin/sh
# SPDX-License-Identifier: MIT
# What the firmware starts with: RAM as the last run left it, and symbols that
# leave no memory for a heap, on the emulated mps2-an385.
. tests/harness/tap.sh

out=build/tests/boot
mkdir -p $out
here=tests/link/boot
board=mps2-an385

# link NAME ARCHIVE [START END [OPTION]]: with these expressions for the region.
link()
{
	sed -e "/^__heap_end = /s/=.*/= ${4:-__heap_start + 0x2000};/" \
		-e "/\t__heap_start = \./s/.*/\t\t__heap_floor = .;/" \
		-e "\$a __heap_start = ${3:-__heap_floor};" \
		linker/sections.ld >$out/sections.ld
	# shellcheck disable=SC2046 # words
	arm-none-eabi-gcc --specs=picolibc.specs \
		$(sed -n 's/^BOARD_\(CFLAGS\|DEFINES\) *= *//p' \
			boards/$board/board.mk) \
		-std=c11 -Os -g -Wall -Wextra -ffunction-sections \
		-fno-builtin -Iboards -Iport -Iheap -nostartfiles \
		-L$out -Llinker -T linker/$board.ld -Wl,--gc-sections \
		-Wl,--defsym=boot_low=__heap_floor \
		-Wl,--defsym=boot_high=__heap_floor+0x4000 \
		${5:+"$5"} -o $out/"$1" boards/startup.c boards/semihost.c \
		boards/console_semihost.c boards/board_port.c \
		$here/"$1.c" "$2" 2>&1
}

runs()
{
	boards/run $board $out/"$1" >$out/said 2>&1 || {
		echo "ends with status $?:"
		cat $out/said
	}
}

for archive in heap heap-debug; do
	object=build/$(sed -n 's/^BOARD_TARGET *= *//p' \
		boards/$board/board.mk)/picolibc/$archive.a
	verdict "$archive.a: eight boots with RAM as it was, in mid-call" "$(
		link warm "$object" && runs warm
	)"
	verdict "$archive.a: what the last boot had is foreign, by the seed" "$(
		link warm "$object" "" "" -DSEED=0x9e3779b9 && runs warm
	)"
	verdict "$archive.a: a reversed region has no memory" "$(
		link none "$object" __heap_floor+0x2000 __heap_floor+0x1000 &&
			runs none
	)"
	verdict "$archive.a: nor has an empty one" "$(
		link none "$object" __heap_floor+0x2000 __heap_floor+0x2000 &&
			runs none
	)"
	verdict "$archive.a: nor one of seven bytes" "$(
		link none "$object" __heap_floor+0x2001 __heap_floor+0x2008 &&
			runs none
	)"
	verdict "$archive.a: a region that starts at 0 is none" "$(
		link none "$object" 0 __heap_floor+0x2000 && runs none
	)"
done

tap_end
