#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the programs of `make workloads` and see how they end; with TRACE=1, what
# heap-trace makes of their traces.
. tests/harness/tap.sh

# What is wrong with the run of program $1, with the host's file $2 for a trace.
complaints_of()
{
	board=$(basename "$(dirname "$1")")
	board=${board%-newlib}
	boards/run -t 100 "$board" "$@" >"$1.out" 2>&1
	status=$?
	if [ $status -ne 0 ] || ! grep -q '^all as it should be' "$1.out"; then
		cat "$1.out"
		echo "status $status"
		echo "again: boards/run $board $*"
	fi
}

# Likewise with its trace $2: it is whole, and tells of no misuse and no leak.
complaints_of_trace()
{
	timeout 100 build/tools/heap-trace -s "$1.svg" "$1" "$2" \
		>"$1.report" 2>&1
	status=$?
	if [ $status -ne 0 ] || [ ! -s "$1.svg" ] ||
		! grep -q ' 0 lost' "$1.report"; then
		head -n 40 "$1.report"
		echo "status $status, and no picture, or some records lost"
		echo "again: build/tools/heap-trace -s $1.svg $1 $2"
	fi
}

for program in $WORKLOADS; do
	name="$(basename "$(dirname "$program")"), $(basename "$program")"
	trace=
	[ -z "${TRACE-}" ] || trace=$program.trace
	rm -f "$program.trace"
	# shellcheck disable=SC2086 # no word if there is none
	found=$(complaints_of "$program" $trace)
	verdict "$name: $(grep peak "$program.out")" "$found"
	[ -z "$trace" ] ||
		verdict "$name: $trace, $program.report, $program.svg" \
			"$(complaints_of_trace "$program" "$trace")"
done

tap_end
