#!/bin/sh
# SPDX-License-Identifier: MIT
# The stack that each operation may use, at worst, is bounded, by no more than
# tests/size/stack.txt says: see tests/README.md.
set -eu

# With another compiler frames differ; that there are bounds is a matter of the
# sources.
case $(arm-none-eabi-gcc -dumpversion) in
12.2*) ;;
*)
	echo "1..0 # SKIP the bounds are those of arm-none-eabi-gcc 12.2"
	exit
	;;
esac

# shellcheck disable=SC2046 # one word a place
exec perl tests/size/stack.pl --check $(
	for target in cortex-m3 cortex-m0plus; do
		for archive in heap-min heap heap-debug; do
			echo $target/$archive
		done
	done
)
