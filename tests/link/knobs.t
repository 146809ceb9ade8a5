#!/bin/sh
# SPDX-License-Identifier: MIT
# Every knob of heap_config.h away from its default: the engine is compiled
# with it, and the random stress and the exhaustion test pass.
. tests/harness/tap.sh

CC=${HOST_CC:-gcc}
out=build/tests/knobs
mkdir -p "$out"

# try BITS KNOBS...: what the compiler and the tests complain of.
try()
{
	bits=$1
	shift
	for suite in random exhaust; do
		program=$out/$suite
		"$CC" "-m$bits" -std=c11 -O1 -ffreestanding -fno-builtin \
			-Wall -Wextra -Wno-use-after-free \
			"$@" -DTAP_WHERE='"knobs"' -DTAP_ARENA=65536 \
			-Iheap -Iport -Itests/harness -Itests \
			-o "$program" heap/*.c port/report.c \
			tests/harness/main_host.c tests/harness/model.c \
			tests/harness/[!m]*.c \
			"tests/stress/${suite}_test.c" port/region.c \
			port/host*.c port/linux*.c 2>&1 &&
			"$program" 2>&1 | grep -A4 '^not ok'
	done
}

# $1: BITS; the others: the knobs in one word.
run()
{
	# shellcheck disable=SC2086
	verdict "sound with $2 at $1 bits" "$(try $1 $2)"
}

run 32 "-DHEAP_EXACT_BINS=2 -DHEAP_BINS=4"
run 32 "-DHEAP_EXACT_BINS=8 -DHEAP_BINS=12 -DHEAP_SEARCH=1"
run 32 "-DHEAP_EXACT_BINS=16 -DHEAP_BINS=18 -DHEAP_CHECK=3"
run 32 "-DHEAP_EXACT_BINS=4 -DHEAP_BINS=32 -DHEAP_CHECK=0"
run 32 "-DHEAP_GROW=0 -DHEAP_LAST_RESORT=0"
run 32 "-DHEAP_GROW=16384 -DHEAP_SEARCH=16"
run 32 "-DHEAP_STATS=0"
run 32 "-DHEAP_CHUNK_BITS=28"
run 32 "-DHEAP_CHUNK_BITS=16 -DHEAP_GROW=512"
run 64 "-DHEAP_EXACT_BINS=32 -DHEAP_BINS=64"
run 64 "-DHEAP_EXACT_BINS=32 -DHEAP_BINS=64 -DHEAP_CHECK=0 -DHEAP_STATS=0"
run 64 "-DHEAP_CHUNK_BITS=56 -DHEAP_GROW=0"
tap_end
