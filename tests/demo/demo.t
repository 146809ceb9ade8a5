#!/bin/sh
# SPDX-License-Identifier: MIT
# The demo: what it counts, that it returns all memory, and what
# it says of an input that is missing, unreadable or too large, and of mistakes.
# What it prints is compared as a whole where the board's addresses and sizes
# do not show, the rest by its numbers.
. tests/harness/tap.sh

out=build/tests/demo
mkdir -p $out
text=tests/demo/small.txt

# demo BOARD [OPTION] FILE: the output in $out/said, the status in $status.
demo()
{
	demo_board=$1
	shift
	boards/run "$demo_board" "build/demo/$demo_board/wordcount" "$@" \
		>$out/said 2>&1
	status=$?
}

# differs EXPECTED: the output, but for its figures of memory, is not this file.
differs()
{
	sed '/^heap: a region/,/^at end/d' $out/said | diff "$1" - | grep '^[<>]'
}

# says STATUS LINE...: complaints about the status, or lines that are missing.
says()
{
	[ "$status" -eq "$1" ] || echo "status $status, not $1"
	shift
	for line; do
		grep -qxF -e "$line" $out/said || echo "no line: $line"
	done
}

# The number in column $2 of the row that begins with $1.
figure()
{
	sed -n "s/^$1  *//p" $out/said | awk -v n="$2" 'NR == 1 { print $n }'
}

peak_is_seen()
{
	peak=$(sed -n 's/.*peak of use \([0-9]*\) bytes$/\1/p' $out/said)
	seen=$(figure 'in use' 1)
	[ -n "$peak" ] && [ "$peak" = "$seen" ] ||
		echo "the heap's peak is $peak, the picture was taken at $seen"
}

sums_agree()
{
	for column in 1 2; do
		sum=$(($(figure 'in use' $column) + $(figure free $column) + \
			$(figure overhead $column)))
		[ $sum = "$(figure taken $column)" ] ||
			echo "column $column: $sum is not what was taken"
	done
}

# Words counted by other means: one a line, sorted as the demo sorts.
expect_top()
{
	tr -cs 'A-Za-z0-9_\200-\377' '\n' <"$1" | tr '[:upper:]' '[:lower:]' | sed '/^$/d' |
		sort | uniq -c | sort -k1,1nr -k2,2 >$out/counted
	words=$(awk '{ n += $1 } END { print n + 0 }' $out/counted)
	echo "$1: $words words, $(grep -c '' $out/counted) of them different"
	head -8 $out/counted | awk '{ printf "%8d %s\n", $1, $2 }'
}

legend='bytes a character: # used  - free  + both  ^ top  . not taken'
expect_success()
{
	expect_top "$1"
	printf '\n'
	echo "$2 $legend"
	printf '\nall memory returned\n'
}

for board in mps2-an385 microbit; do
	make -s demo BOARD=$board INPUT=$text >$out/made 2>&1
	verdict "make demo BOARD=$board counts $text" "$(
		grep -qx 'all memory returned' $out/made || cat $out/made)"

	demo $board $text
	expect_success $text 64 >$out/want
	verdict "$board: the counts are those of sort and uniq" "$(
		says 0; differs $out/want)"
	verdict "$board: the picture is that of the peak" "$(peak_is_seen)"
	verdict "$board: used, free and overhead make what was taken" "$(
		sums_agree)"
	verdict "$board: nothing is in use at the end" "$(
		[ "$(figure 'in use' 2)" = 0 ] || cat $out/said)"

	demo $board $out/missing
	verdict "$board: a missing input is refused, nothing leaks" "$(says 1 \
		"demo: cannot count the words of $out/missing:" \
		'it cannot be opened; give a file that you may read: INPUT=file' \
		'all memory returned')"

	demo $board tests
	verdict "$board: a folder as input is refused" "$(says 1 \
		'demo: cannot count the words of tests:' \
		'it cannot be read; give a text file: INPUT=file' \
		'all memory returned')"

	: >$out/empty
	demo $board $out/empty
	verdict "$board: an empty input has no words" "$(says 0 \
		"$out/empty: 0 words, 0 of them different" \
		'all memory returned')"

	demo $board --leak $text
	verdict "$board: a leak is named, status 2" "$(says 2 \
		'demo: not all memory was returned: 24 bytes in 1 chunks'
		grep -q '^  leaked: block 0x2.*, chunk of 24 bytes$' $out/said ||
			echo 'no block is named')"

	demo $board --overrun $text
	verdict "$board: an overrun is caught by free, status 69" "$(says 69
		grep -q '^heap: fault: neighbour damaged by an overrun (I4)' \
			$out/said || cat $out/said)"

	demo $board --double-free $text
	verdict "$board: a double free is caught, status 69" "$(says 69
		grep -q '^heap: fault: double free or not a block chunk' \
			$out/said || cat $out/said)"
done

# 2000 different words of 1 to 4 digits: more than 16 KiB hold, not 4 MiB.
seq 2000 >$out/many
demo microbit $out/many
verdict "an input too large for microbit is refused, nothing leaks" "$(
	says 1 "demo: cannot count the words of $out/many:" \
	'give a smaller INPUT=file, or a BOARD with more RAM, such as mps2-an385' \
	'all memory returned'; peak_is_seen; sums_agree)"

demo mps2-an385 $out/many
verdict "the same fits into mps2-an385" "$(
	says 0 "$out/many: 2000 words, 2000 of them different" \
	'all memory returned'; peak_is_seen; sums_agree)"

# One word of 20000 letters: the buffer of the word is what does not fit.
head -c 20000 /dev/zero | tr '\0' x >$out/long
demo microbit $out/long
verdict "a word too long for microbit is refused, nothing leaks" "$(
	says 1 'all memory returned')"

demo mps2-an385 README.md
verdict "README.md is counted as sort and uniq do" "$(says 0
	expect_top README.md >$out/want
	head -9 $out/said | diff $out/want -)"
cp $out/said $out/first
demo mps2-an385 README.md
verdict "a second run prints the same" "$(diff $out/first $out/said)"

# A kernel has no libc, which the demo prints with.
for folder in boards/*/board.mk; do
	grep -q '^BOARD_TARGET = .*-kernel' "$folder" && continue
	board=$(basename "$(dirname "$folder")")
	make -s demo BOARD="$board" >$out/made 2>&1
	verdict "make demo BOARD=$board fits without an INPUT" "$(
		grep -qx 'all memory returned' $out/made || cat $out/made)"
done

make -s demo BOARD=host >$out/made 2>&1
verdict "make demo BOARD=host says which boards there are" "$(
	grep -q 'the demo runs on a board with a libc, .* microbit mps2-an385' $out/made ||
		cat $out/made)"

tap_end
