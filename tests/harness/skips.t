#!/bin/sh
# SPDX-License-Identifier: MIT
# What was skipped in this run is what tests/skips.txt says, no more, no less.
# Runs last; PLACES are those where it ran PROGRAMS.
set -u

skipped=build/tests/skipped
listed=build/tests/listed

for program in $PROGRAMS; do
	path=${program#build/tests/}
	place=${path%%/*}
	suite=${program##*/}
	# "ok 3 - some test # SKIP why" => "PLACE SUITE some_test"
	sed -n 's/^ok [0-9]* - \(.*\) # SKIP .*/\1/p' "$program.tap" |
		sed "y/ /_/; s/^/$suite /" |
		while read -r line; do
			where=$place
			# What heap-min skips everywhere is listed once.
			case $path in
			*/heap-min/*) grep -qx "$place $line" tests/skips.txt ||
				where=heap-min ;;
			esac
			echo "$where $line"
		done
done | sort -u >"$skipped"

case $PROGRAMS in
*/heap-min/*) PLACES="$PLACES heap-min" ;;
esac
for place in $PLACES; do
	grep "^$place .*[^*]$" tests/skips.txt
done | sort -u >"$listed"

echo 1..1
if diff "$listed" "$skipped" >build/tests/skips.diff; then
	echo "ok 1 - what was skipped is what tests/skips.txt lists"
else
	echo "not ok 1 - what was skipped is what tests/skips.txt lists"
	{
		echo
		echo "tests/skips.txt differs from what was skipped:"
		sed -n 's/^</  listed, but ran:    /p; s/^>/  skipped, not listed:/p' \
			build/tests/skips.diff
	} >&2
	exit 1
fi
