#!/bin/sh
# SPDX-License-Identifier: MIT
# One archive of a Cortex-M4 serves programs of every float ABI, which ld else
# keeps apart: each is linked with it and run on the emulated mps2-an386.
. tests/harness/tap.sh

out=build/tests/float
mkdir -p $out

cc()
{
	arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -std=gnu11 -Os -Wall -Wextra \
		-Werror -fno-builtin -ffunction-sections -Iboards -Iport -Iheap \
		"$@" 2>&1
}

# The flags of ABI $1.
abi()
{
	case $1 in
	soft) echo -mfloat-abi=soft ;;
	*) echo "-mfloat-abi=$1 -mfpu=fpv4-sp-d16" ;;
	esac
}

# The specs of libc $1.
specs()
{
	case $1 in
	newlib) ;;
	*) echo --specs="$1.specs" ;;
	esac
}

# Link and run with libc $1 in ABI $2 and archive $3; ends with 7.
serves()
{
	elf=$out/$1-$2-$(basename "$3")
	# shellcheck disable=SC2046 # words
	cc $(specs "$1") $(abi "$2") -nostartfiles -Llinker \
		-T linker/mps2-an386.ld -Wl,--gc-sections -o "$elf" \
		boards/startup.c boards/stdio.c boards/semihost.c \
		boards/console_semihost.c boards/board_port.c \
		tests/link/float/float.c linker/heap.ld "$3" || return
	boards/run -t 20 mps2-an386 "$elf" >"$elf.log" 2>&1
	status=$?
	[ $status -eq 7 ] || {
		echo "$elf ends with $status:"
		cat "$elf.log"
	}
	# Were it not the ABI that was asked for, nothing would be shown.
	arm-none-eabi-readelf -A "$elf" | grep -q 'VFP_args: VFP registers' &&
		is=hard || is=other
	case $2-$is in
	hard-hard | soft-other | softfp-other) ;;
	*) echo "$elf is not of the ABI $2" ;;
	esac
}

for libc in picolibc newlib nano; do
	home=build/cortex-m4/$(echo $libc | sed s/nano/newlib/)
	for abi in soft softfp hard; do
		verdict "$libc: heap.a serves a program of -mfloat-abi=$abi" \
			"$(serves $libc $abi "$home/heap.a")"
	done
	for abi in soft hard; do
		verdict "$libc: heap-debug.a serves one of $abi" \
			"$(serves $libc $abi "$home/heap-debug.a")"
	done
done

# Why there is port/any_float_abi.s.
verdict "soft and hard without that mark are refused" "$(
	# shellcheck disable=SC2046 # words
	cc $(abi soft) -c -o $out/soft.o boards/semihost.c
	# shellcheck disable=SC2046 # words
	cc $(abi hard) -c -o $out/hard.o tests/link/float/float.c
	arm-none-eabi-ld -r -o $out/mixed.o $out/hard.o $out/soft.o \
		>$out/mixed.log 2>&1 && echo "it links them"
	grep -q 'uses VFP register arguments' $out/mixed.log || cat $out/mixed.log
)"

# Those too that are not linked above.
verdict "every Cortex-M object is marked for both float ABIs" "$(
	for archive in build/cortex-m*/*/heap*.a; do
		arm-none-eabi-readelf -A "$archive" | awk -v archive="$archive" '
			/^File:/ { objects++ }
			/VFP_args: compatible/ { marked++ }
			END {
				if (objects == 0 || marked != objects)
					print archive ": " marked + 0 " of " \
						objects + 0 " objects"
			}'
	done
)"

tap_end
