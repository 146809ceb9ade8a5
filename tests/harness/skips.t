#!/bin/sh
# SPDX-License-Identifier: MIT
# What was skipped in this run is what tests/skips.txt says, no more, no less.
# A test counts as skipped at a place when it ran there with none of the
# archives.  Runs last; PLACES are those where it ran PROGRAMS.
. tests/harness/tap.sh

skipped=build/tests/skipped
listed=build/tests/listed

for program in $PROGRAMS; do
	path=${program#build/tests/}
	# "ok 3 - some test # SKIP why" => "PLACE SUITE some_test skipped"
	sed -n 's/^\(not \)*ok [0-9]* - //p' "$program.tap" |
		sed 's/ # SKIP .*/@/; y/ /_/; s/@$/ skipped/' |
		sed "s|^|${path%%/*} ${path##*/} |"
done | awk '
	NF == 4 { skip[$1 " " $2 " " $3] = 1 }
	NF == 3 { ran[$1 " " $2 " " $3] = 1 }
	END {
		for (test in skip)
			if (!(test in ran))
				print test
	}' | sort >"$skipped"

for place in $PLACES; do
	grep "^$place .*[^*]$" tests/skips.txt
done | sort -u >"$listed"

verdict "what was skipped is what tests/skips.txt lists" "$(
	comm -23 "$skipped" "$listed" | sed 's/^/skipped, not listed: /'
	comm -13 "$skipped" "$listed" | sed 's/^/listed, but ran:     /'
)"

tap_end
