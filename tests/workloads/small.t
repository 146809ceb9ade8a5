#!/bin/sh
# SPDX-License-Identifier: MIT
# A workload that needs no sources: how it ends, with a leak and without one,
# and that heap-trace finds the leak's line and draws its heap.
. tests/harness/tap.sh

tool=build/tools/heap-trace
out=build/tests/workloads
mkdir -p $out

# run STATUS PLACE [WORD...]: what is wrong with how it ends; what it says is in
# $out/said.
run()
{
	expected=$1
	program=build/workloads/$2/small
	board=${2%-newlib}
	shift 2
	boards/run -t 20 "$board" "$program" "$@" >$out/said 2>&1
	status=$?
	[ $status -eq "$expected" ] || {
		cat $out/said
		echo "status $status, expected $expected"
		echo "again: boards/run $board $program $*"
	}
}

# says FILE TEXT...: complain about those that are not there.
says()
{
	file=$1
	shift
	for text; do
		grep -qF -e "$text" "$file" || {
			echo "not said: $text"
			cat "$file"
		}
	done
}

for place in mps2-an385 mps2-an385-newlib; do
	elf=build/workloads/$place/small
	verdict "$place: a workload ends with the checker's word" "$(
		run 0 $place
		says $out/said "heap: peak " "largest free " \
			"heap: 0 bytes left" "all as it should be"
	)"
	verdict "$place: its trace has no leak" "$(
		run 0 $place $out/small.trace
		$tool $elf $out/small.trace >$out/report ||
			{ cat $out/report; echo "status $?"; }
		says $out/report " 0 lost" "small.c"
	)"
	verdict "$place: with a leak it ends otherwise" "$(
		run 1 $place $out/leak.trace leak
		says $out/said "not so: nothing is left" \
			"not all as it should be"
	)"
	line=$(grep -nF '/* leaked */' tests/workloads/small.c | cut -d: -f1)
	verdict "$place: and its trace names the line" "$(
		$tool -s $out/leak.svg $elf $out/leak.trace >$out/report
		status=$?
		[ $status -eq 1 ] || echo "status $status"
		says $out/report "small.c:$line (workload)"
		grep -q '</svg>' $out/leak.svg || echo "there is no picture"
	)"
done

tap_end
