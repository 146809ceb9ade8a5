#!/bin/sh
# SPDX-License-Identifier: MIT
# What was skipped in this run is what tests/skips.txt says, no more, no less.
# A test counts as skipped at a place when it ran there with none of the
# archives.  Runs last; PLACES are those where it ran, the file PROGRAMS says
# which programs.
. tests/harness/tap.sh

skipped=build/tests/skipped
listed=build/tests/listed
names=$(cat "$PROGRAMS")

for program in $names; do
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

# "PLACE skipped all", of tests: with several archives a test counts once.
for program in $names; do
	path=${program#build/tests/}
	sed -n 's/^\(not \)*ok [0-9]* - //p' "$program.tap" |
		sed "s/ # SKIP .*//; y/ /_/; s|^|${path%%/*} ${path##*/} |"
done | sort -u | awk -v skipped="$skipped" '
	BEGIN { while ((getline < skipped) > 0) skips[$1]++ }
	{ all[$1]++ }
	END { for (place in all) print place, skips[place] + 0, all[place] }
	' | sort >build/tests/shares

verdict "no place skips more than a tenth of its tests" "$(
	awk '$2 * 10 > $3 {
		print $1 " skips " $2 " of " $3 ": make the tests smaller"
	}' build/tests/shares
)"

verdict "what was skipped is what tests/skips.txt lists" "$(
	comm -23 "$skipped" "$listed" | sed 's/^/skipped, not listed: /'
	comm -13 "$skipped" "$listed" | sed 's/^/listed, but ran:     /'
)"

tap_end
