#!/bin/sh
# SPDX-License-Identifier: MIT
# The programs that are quick, with libheap.so; and programs of our own that
# are linked statically with heap.a, with glibc of 64 and 32 bits, and musl.
. tests/programs/run.sh

run_cases short heap

statically()
{
	out=$BUILD/static.out
	timeout 100 "$@" >"$out" 2>&1
	status=$?
	[ $status -eq 0 ] || {
		cat "$out"
		echo "status $status of: $*"
	}
}

for kind in glibc-64 glibc-32 musl-64; do
	verdict "statically linked, $kind: the family" \
		"$(statically "$BUILD/family-$kind")"
	verdict "statically linked, $kind: threads and forks" \
		"$(statically "$BUILD/threads-$kind" 8 5000 30)"
done

# ---- at exit -------------------------------------------------------------

# at_exit BITS FILE PROGRAM...: its status unless 0.
at_exit()
{
	lib=$ROOT/build/host/libheap.so
	[ "$1" = 64 ] || lib=$ROOT/build/host32/libheap.so
	file=$2
	shift 2
	HEAP_AT_EXIT=$file LD_PRELOAD=$lib "$@" >"$out" 2>&1
	status=$?
	[ $status -eq 0 ] || echo "status $status of: $*"
}

for bits in 64 32; do
	out=$BUILD/at_exit.out said=$BUILD/at_exit
	names=$BUILD/names-$bits
	verdict "$bits bits: glibc's other names lead to the same heap" "$(
		rm -f "$said"
		at_exit $bits "$said" "$names"
		grep -q '^sound' "$said" || cat "$out" "$said"
	)"
	verdict "$bits bits: a heap that is broken at the end is told" "$(
		rm -f "$said"
		at_exit $bits "$said" "$names" damage
		grep -q '^broken I' "$said" || cat "$out" "$said"
	)"
	# On the terminal then, and the process ends as it would.
	verdict "$bits bits: a file that cannot be written is no trouble" "$(
		at_exit $bits /dev/full "$names"
		grep -q 'sound' "$out" || cat "$out"
		at_exit $bits "$BUILD/none/none" "$names"
		grep -q 'sound' "$out" || cat "$out"
	)"
	long=$BUILD/$(printf '%0160d' 0)
	verdict "$bits bits: the longest name of a program is cut short" "$(
		ln -sf "$names" "$long"
		rm -f "$said"
		at_exit $bits "$said" "$long"
		rm -f "$long"
		[ -s "$said" ] || cat "$out"
	)"
done

tap_end
