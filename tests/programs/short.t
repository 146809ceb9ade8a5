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

tap_end
