#!/bin/sh
# SPDX-License-Identifier: MIT
# Eight threads on one heap, under ThreadSanitizer and, with RACES=all, under
# helgrind: neither finds a data race; without a lock both do.
. tests/harness/tap.sh

at=build/tests/programs/races
mkdir -p "$at"

# build NAME SOURCE-OR-FLAG...: what is wrong with the compilation, if anything
build()
{
	name=$1
	shift
	gcc -std=c11 -D_GNU_SOURCE -O1 -g -pthread -Iheap -Iport -Iheap/libc \
		-ffreestanding -fno-tree-loop-distribute-patterns \
		-o "$at/$name" tests/programs/races.c heap/*.c \
		heap/libc/host_mapped.c heap/libc/host_quick.c port/region.c port/report.c \
		port/linux.c port/linux_process.c "$@" 2>&1
}

# run SECONDS COMMAND...: "", or how it ended
run()
{
	limit=$1
	shift
	timeout "$limit" "$@" >"$at/out" 2>&1
	status=$?
	# Where the kernel spreads addresses wider than this ThreadSanitizer knows.
	if grep -q 'ThreadSanitizer: unexpected memory mapping' "$at/out"; then
		timeout "$limit" setarch -R "$@" >"$at/out" 2>&1
		status=$?
	fi
	[ $status -eq 0 ] || echo "status $status of: $*"
}

grind='valgrind -q --tool=helgrind --error-exitcode=9'

verdict "ThreadSanitizer finds no race" "$(
	build tsan -fsanitize=thread port/host_default.c port/host.c
	run 200 "$at/tsan"
	grep -A12 '^WARNING' "$at/out" | head -40
)"
verdict "and would find one, were there no lock" "$(
	build tsan-bad -fsanitize=thread -DNO_LOCK
	run 200 "$at/tsan-bad" >"$at/said"
	grep -q 'data race' "$at/out" || echo "it found none"
)"
[ "${RACES-}" = all ] || tap_end
# shellcheck disable=SC2086 # words
verdict "helgrind finds no race" "$(
	build helgrind -DMUTEX
	run 300 $grind "$at/helgrind"
	grep -A12 'data race' "$at/out" | head -40
)"
# shellcheck disable=SC2086 # words
verdict "and would find one, were there no lock" "$(
	build helgrind-bad -DNO_LOCK
	run 300 $grind "$at/helgrind-bad" >"$at/said"
	grep -q 'data race' "$at/out" || echo "it found none"
)"

tap_end
