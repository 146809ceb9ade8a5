#!/bin/sh
# SPDX-License-Identifier: MIT
# A static program without any libc that has its memory from the port for
# Linux, of 64 and of 32 bits.
. tests/harness/tap.sh

mkdir -p build/tests/linux

for target in host host32; do
	bits=64
	[ $target = host ] || bits=32
	for archive in heap heap-min heap-debug; do
		program=build/tests/linux/static-$bits-$archive
		verdict "$bits bits, $archive.a: without a libc all is well" "$(
			gcc -m$bits -O2 -g -std=c11 -Wall -Wextra -Werror \
				-ffreestanding -fno-tree-loop-distribute-patterns \
				-fno-stack-protector -Iheap -Iport \
				-static -no-pie -fno-pie -nostdlib \
				-o $program tests/linux/static.c \
				build/$target/$archive.a -lgcc 2>&1 &&
			{
				timeout 100 $program >$program.out 2>&1
				status=$?
				grep -v '^ok' $program.out | grep -v '^1\.\.'
				[ $status -eq 0 ] ||
					echo "$program: status $status"
			}
		)"
	done
done

tap_end
