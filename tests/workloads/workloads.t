#!/bin/sh
# SPDX-License-Identifier: MIT
# Run the programs of `make workloads` and see how they end.
. tests/harness/tap.sh

for program in $WORKLOADS; do
	place=$(basename "$(dirname "$program")")
	boards/run -t 100 "${place%-newlib}" "$program" >"$program.out" 2>&1
	status=$?
	verdict "$place, $(basename "$program"): $(grep peak "$program.out")" "$(
		[ $status -eq 0 ] || {
			cat "$program.out"
			echo "status $status"
			echo "again: boards/run ${place%-newlib} $program"
		}
	)"
done

tap_end
