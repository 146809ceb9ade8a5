#!/bin/bash
# SPDX-License-Identifier: MIT
# Whole programs for coverage: what of the heap a suite cannot run, since it has
# a main, a malloc or a loader of its own.  programs.sh PLACE BITS: coverage 64
# or coverage32 32.  The libraries, family-BITS and threads-BITS are built.
#
# Only that they end well is looked at: what they print is the business of the
# tests that run them without counting.
set -eu

place=$1 bits=$2
root=$PWD
programs=build/tests/programs
out=build/coverage-report/programs/$place
flags=(-std=gnu11 -O1 -g -m"$bits" -fno-builtin -no-pie -fno-pie
	-Wall -Wextra -Iheap -Iport -Iheap/libc)
mkdir -p "$out"

# expect STATUS-PATTERN COMMAND...
expect()
{
	local wanted=$1 status=0
	shift
	timeout 120 "$@" >"$out/log" 2>&1 </dev/null || status=$?
	# shellcheck disable=SC2254 # a pattern
	case $status in
	$wanted) return ;;
	esac
	echo "coverage: status $status, not $wanted, of: $*"
	tail -n 20 "$out/log"
	exit 1
}

# linked NAME ARCHIVE SOURCE-OR-OPTION...
linked()
{
	local name=$out/$1 from=build/$place/$2.a
	shift 2
	gcc "${flags[@]}" -o "$name" "$@" "$from" -lgcov -pthread
}

for archive in heap heap-min heap-debug; do
	# heap-min.a notices no misuse, which the family claims.
	misuse=0
	[ $archive != heap-min ] || misuse=1
	family=$programs/family-$bits threads=$programs/threads-$bits

	preload=(env LD_PRELOAD="$root/build/$place/lib$archive.so")
	expect "$misuse" "${preload[@]}" HEAP_AT_EXIT="$out/at_exit" "$family"
	names=$programs/names-$bits
	expect 0 "${preload[@]}" "$names"
	for file in "$out/at_exit" /dev/full "$out/none/none"; do
		expect 0 "${preload[@]}" HEAP_AT_EXIT="$file" "$names"
	done
	# heap-debug.a notices before the end.
	broken=0
	[ $archive != heap-debug ] || broken='[01]*'
	expect "$broken" "${preload[@]}" HEAP_AT_EXIT="$out/at_exit" "$names" \
		damage
	long=$out/$(printf '%0160d' 0)
	ln -sf "$root/$names" "$long"
	expect 0 "${preload[@]}" HEAP_AT_EXIT="$out/at_exit" "$long"

	expect 0 "${preload[@]}" "$threads" 4 3000 20
	expect 0 "${preload[@]}" "$threads" 1 2000 0

	# Nor does heap-debug.a give back at once what it holds for a while.
	[ $archive = heap ] || misuse='[01]'
	linked family-$archive $archive tests/programs/family.c
	expect "$misuse" "$out/family-$archive"
	linked threads-$archive $archive tests/programs/threads.c
	expect 0 "$out/threads-$archive" 4 3000 20

	checks=2
	[ $archive != heap-min ] || checks=0
	for file in renamed beside; do
		forced=()
		[ $file != renamed ] || forced=(-include heap_rename.h)
		gcc "${flags[@]}" -DHEAP_CHECK=$checks "${forced[@]}" \
			-c -o "$out/$file.o" tests/link/rename/$file.c
	done
	linked renamed-$archive $archive "$out/beside.o" "$out/renamed.o" -lc
	expect 7 "$out/renamed-$archive"

	# Hooks, observers and traces are not in it either.
	[ $archive != heap-min ] || continue
	for hooks in all cookie first; do
		linked $hooks-$archive $archive -D_GNU_SOURCE \
			-include heap_malloc_hooks.h \
			tests/hooks/$hooks.c
		expect 0 "$out/$hooks-$archive"
	done

	for traced in faulty racing; do
		linked $traced-$archive $archive -Itests/trace -std=c11 \
			-Wno-use-after-free tests/trace/$traced.c \
			tests/trace/traced_host.c
		expect 0 env TRACE="$out/$traced.trace" "$out/$traced-$archive"
	done
done
