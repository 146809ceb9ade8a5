#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/heap-tags.pl: a program whose libraries are accounted by the table made
# from its map, and what the tool says of bad input.
. tests/harness/tap.sh

tags=build/hooks/tags
tool=tools/heap-tags.pl
rules=tests/hooks/tags/rules
[ -x $tags/app ] || {
	echo "1..0 # SKIP not built: make test builds it"
	exit 0
}

# Names, blocks, and total bytes of each line.
accounts()
{
	boards/run mps2-an385 $tags/app 2>&1 | awk '{ print $1, $3, $5 }'
}

verdict "each library has its own account" "$(
	accounts >$tags/said
	printf '%s\n' 'tag blocks total' 'other 1 56' 'red 1 1328' 'blue 5 160' |
		diff - $tags/said
)"
verdict "the second link was the last: the table does not move code" "$(
	[ ! -s $tags/second.txt ] || grep -v "nothing matches" $tags/second.txt
)"
verdict "a rule that matches nothing is told" "$(
	grep -q "nothing matches 'libnone.a(\*.o)'" $tags/warnings.txt ||
		cat $tags/warnings.txt
)"

# refuses WORDS: what the tool says to the arguments behind, if not the words.
refuses()
{
	words=$1
	shift
	if $tool "$@" >$tags/said 2>&1; then
		echo "status 0"
	fi
	grep -q -- "$words" $tags/said || cat $tags/said
}

$tool $rules /dev/null >$tags/other.c
printf 'red\n' >$tags/bad.rules
verdict "a stale table is told" \
	"$(refuses 'link again' -c $rules $tags/app.map $tags/other.c)"
verdict "a file that is no map is told" \
	"$(refuses 'no map of GNU ld' $rules $tags/table.c)"
verdict "a missing file is told" \
	"$(refuses 'cannot read none.map' $rules none.map)"
verdict "a rule without a pattern is told with its line" \
	"$(refuses "bad.rules:1: tag 'red' has no pattern" $tags/bad.rules \
		$tags/app.map)"
verdict "without arguments it says how" "$(refuses '^usage')"

tap_end
