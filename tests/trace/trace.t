#!/bin/bash
# SPDX-License-Identifier: MIT
# Traces from firmware, and what heap-trace makes of them: mistakes with their
# lines, every way that a trace takes to the desk, files that are not right, the
# other formats, the picture.
# shellcheck source=tests/harness/tap.sh
. tests/harness/tap.sh

tool=build/tools/heap-trace
out=build/tests/trace
source=tests/trace/faulty.c
mkdir -p $out

# Run faulty on PLACE in MANNER: console in $out/NAME.log, trace in NAME.trace.
record()
{
	case $1 in
	host*)
		TRACE=$out/$2.trace timeout 10 "build/trace/$1/faulty" ||
			echo "faulty ends with status $?"
		return
		;;
	esac
	QEMU_ICOUNT=6 boards/run -t 20 mps2-an385 "build/trace/$1/faulty" \
		"$out/$2.trace" "$3" >"$out/$2.log" 2>&1 || {
		echo "faulty ends with status $?"
		cat "$out/$2.log"
	}
}

# read_trace STATUS ARGUMENT...: heap-trace's output in $out/said.
read_trace()
{
	expected=$1
	shift
	timeout 20 $tool "$@" >$out/said 2>&1
	status=$?
	[ $status -eq "$expected" ] || {
		echo "$tool $*"
		echo "ends with status $status, expected $expected:"
		cat $out/said
	}
}

# says TEXT...: complain about those that were not said.
says()
{
	for text; do
		grep -qF -e "$text" $out/said || {
			echo "not said: $text"
			cat $out/said
		}
	done
}

# Where the comment is: "faulty.c:36".
at()
{
	echo "faulty.c:$(grep -nF "/* $1 */" $source | cut -d: -f1)"
}

# The part of the report between lines that begin with $1 and $2.
part()
{
	awk -v from="$1" -v to="$2" 'index($0, from) == 1 { on = 1 }
		on && index($0, to) == 1 { exit }
		on' $out/said
}

# The lines that follow "  $1", as one with single blanks.
mistake()
{
	awk -v title="$1" 'index($0, "  " title) == 1 { on = 1; print; next }
		on && !/^    / { exit }
		on' $out/said | tr -s ' \n' ' '
}

# mistake_is TITLE WORD...: they come in that order.
mistake_is()
{
	text=$(mistake "$1")
	shift
	pattern=
	for word; do
		pattern="$pattern.*$(printf %s "$word" | sed 's/[.]/[.]/g')"
	done
	echo "$text" | grep -qE "$pattern" || {
		echo "in '$text' there is no '$pattern'; all of it:"
		cat $out/said
	}
}

# ---- mistakes ----------------------------------------------------------------

for place in mps2-an385 mps2-an385-newlib host host32; do
	elf=build/trace/$place/faulty
	verdict "$place: a trace goes to a file" "$(
		record $place $place ""
		read_trace 1 $elf $out/$place.trace
		says " 0 lost" "misuse: 3"
	)"
	verdict "$place: a leak is reported where it was allocated" "$(
		part "live at the end" "allocators" >$out/leaks
		for what in "leaked by malloc" "leaked by realloc"; do
			grep -qF "$(at "$what") (leak)" $out/leaks ||
				{ echo "no $what"; cat $out/said; }
		done
	)"
	[ "$place" = "${place#host}" ] &&
	verdict "$place: what libc allocates is named after libc's function" "$(
		grep -qE '^ +25 +1  .*\<_?strdup(_r)?\>' $out/leaks ||
			{ echo "no strdup"; cat $out/leaks; }
		grep -qE '^ +[0-9]+ +1  .*\<(v?asprintf|_v?asprintf_r|.*printf.*|__submore.*|__s.*)\>' \
			$out/leaks || { echo "no asprintf"; cat $out/leaks; }
	)"
	verdict "$place: a double free is reported with its three lines" "$(
		mistake_is "double free" "56 bytes" \
			"allocated $(at "freed twice")" \
			"freed $(at "the first time")" \
			"freed again $(at "the second time")"
	)"
	verdict "$place: an overrun is reported, and whose block it was" "$(
		mistake_is "damage" "20 bytes" "allocated $(at overrun)" \
			"freed $(at "finds the overrun")" \
			"neighbour damaged by an overrun" \
			"overrun 0x" "20 bytes, allocated $(at overrun)"
	)"
	verdict "$place: a pointer into a block is reported" "$(
		mistake_is "pointer 0x" "16 behind its start" \
			"allocated $(at "freed from inside")" \
			"freed $(at "frees inside")"
	)"
done

# ---- how a trace comes to the desk ----------------------------------------------

elf=build/trace/mps2-an385/faulty
good=$out/mps2-an385.trace

# Nothing that differs from run to run.
report_of()
{
	timeout 20 $tool -l $elf "$1" 2>&1 |
		sed -n '/^misuse/,$p' | sed 's/0x[0-9a-f]*//g'
}
report_of $good >$out/want

verdict "through the console, among other lines" "$(
	record mps2-an385 lines lines
	{ echo "booting"; cat $out/lines.log; echo "bye"; } >$out/console
	report_of $out/console | diff $out/want -
)"
verdict "a console that lost a character is told of" "$(
	sed 's/^\(heap-trace: ..\)../\1/' $out/lines.log >$out/console
	read_trace 2 $elf $out/console
	says "line 1 is damaged"
)"
verdict "as the recorder's memory, from a debugger" "$(
	record mps2-an385 ring ring
	report_of $out/ring.trace | diff $out/want -
)"
verdict "from memory that outlived a reset" "$(
	record mps2-an385 reset reset
	report_of $out/reset.trace | diff $out/want -
)"
verdict "two runs in one file: the last one counts" "$(
	cat $good $good >$out/two.trace
	read_trace 1 $elf $out/two.trace
	says "holds 2 traces" "misuse: 3"
)"
verdict "mtrace's text is the same from the target and from the desk" "$(
	record mps2-an385 mtrace mtrace
	read_trace 0 -q -m $out/desk.mtrace $elf $good
	# The two programs' heaps differ by the recorder's state.
	for side in $out/mtrace.log $out/desk.mtrace; do
		grep "^@" "$side" | sed 's/0x2[0-9a-f]\{7\}/MEM/' >"$side.plain"
	done
	diff $out/mtrace.log.plain $out/desk.mtrace.plain
	head -1 $out/desk.mtrace | grep -qx '= Start' || echo "no start"
)"

# Return addresses, as glibc writes them: the line may be the next one.
verdict "addr2line, which mtrace asks, finds the lines of it" "$(
	host=build/trace/host/faulty
	read_trace 0 -q -m $out/host.mtrace $host $out/host.trace
	awk '$1 == "@" { gsub(/[][]/, "", $2); print $2 }' $out/host.mtrace |
		addr2line -e $host >$out/said
	line=$(at "leaked by malloc")
	line=${line#*:}
	grep -qE "faulty[.]c:($line|$((line + 1)))( |\$)" $out/said ||
		cat $out/said
)"

# ---- files that are not right ------------------------------------------------------

size=$(wc -c <$good)
verdict "a trace that was cut short anywhere is refused" "$(
	for n in $(seq 1 $((size - 1))); do
		head -c "$n" $good >$out/cut.trace
		read_trace 2 $elf $out/cut.trace
		grep -qE 'is truncated|is not a trace' $out/said ||
			{ echo "cut to $n bytes:"; cat $out/said; }
	done
)"
verdict "with -f it is read as far as it goes" "$(
	head -c $((size - 20)) $good >$out/cut.trace
	read_trace 1 -f $elf $out/cut.trace
	says "it was cut short" "misuse: 2"
)"
verdict "a truncated ring is refused" "$(
	head -c 100 $out/ring.trace >$out/cut.trace
	read_trace 2 $elf $out/cut.trace
	says "is truncated: 100 bytes"
	head -c 1000 $out/ring.trace >$out/cut.trace
	read_trace 2 $elf $out/cut.trace
	says "is truncated: 1000 bytes"
)"
verdict "files that are no trace are refused, in words" "$(
	: >$out/empty
	read_trace 2 $elf $out/empty
	says "is empty"
	read_trace 2 $elf $source
	says "is not a trace"
	read_trace 2 $elf $elf
	says "is a program, not a trace"
	read_trace 2 $elf $out/absent
	says "cannot be read: No such file"
	read_trace 2 $elf $out
	says "cannot be read"
	printf 'heaptrc\002' >$out/newer
	read_trace 2 $elf $out/newer
	says "is a trace of version 2"
)"
verdict "a damaged trace is refused, whatever the byte" "$(
	for n in $(seq 1 "$size"); do
		{ head -c $((n - 1)) $good; printf '\377'
			tail -c +$((n + 1)) $good; } >$out/bad.trace
		timeout 10 $tool -f $elf $out/bad.trace >$out/said 2>&1
		[ $? -le 2 ] || { echo "byte $n:"; cat $out/said; }
	done
	header=$(($(od -An -tu4 -j12 -N4 $out/ring.trace)))
	{ head -c $header $good; printf '\017\001'; } >$out/bad.trace
	read_trace 2 $elf $out/bad.trace
	says "is damaged at byte $header: no record begins with 0x0f"
)"
verdict "a program that is not that of the trace is refused" "$(
	read_trace 2 build/trace/mps2-an385-newlib/faulty $good
	says "does not match"
	read_trace 2 build/trace/mps2-an385/demo/concordance $good
	says "does not match"
	read_trace 2 $tool $good
	says "it is a 64-bit program, the trace is of a 32-bit one"
	arm-none-eabi-strip -o $out/stripped $elf
	read_trace 2 $out/stripped $good
	says "it is stripped"
	read_trace 2 build/trace/mps2-an385/faulty.o $good
	says "is not a linked program"
	read_trace 2 $source $good
	says "is not an ELF file"
)"
verdict "another build of it, with all addresses the same, is refused" "$(
	offset=$(arm-none-eabi-objdump -h $elf |
		awk '$2 == ".text" { print "0x" $6 }')
	cp $elf $out/rebuilt
	printf '\277\000' | dd of=$out/rebuilt bs=1 conv=notrunc status=none \
		seek=$((offset + 4))
	read_trace 2 $out/rebuilt $good
	says "its code is not that of the program that ran"
)"
verdict "the command line is explained" "$(
	read_trace 2
	says usage:
	read_trace 2 -x
	read_trace 2 $elf
	read_trace 2 -n 0 $elf $good
	read_trace 0 -h
	says usage: "Exit status"
)"

# ---- threads ---------------------------------------------------------------------------

racing=build/trace/host/racing
verdict "threads that hand each other blocks are put in order" "$(
	for _ in 1 2 3; do
		TRACE=$out/racing.trace timeout 30 $racing || echo "status $?"
		timeout 20 $tool -b $out/racing.bench $racing \
			$out/racing.trace >$out/said 2>&1
		says " 0 lost"
		grep -E '^misuse|unknown|unended' $out/said
		# What is left belongs to the threads: glibc's own blocks.
		sed -n '/^live at the end/,/^$/p' $out/said |
			grep racing.c
	done
)"

# ---- tags ------------------------------------------------------------------------------

tagged=build/trace/mps2-an385/tagged
verdict "blocks have their tags, by the names in the program" "$(
	QEMU_ICOUNT=6 boards/run -t 20 mps2-an385 $tagged $out/tagged.trace ||
		echo "status $?"
	read_trace 0 -t -s $out/tagged.svg $tagged $out/tagged.trace
	part "tags, by bytes" "live over time" >$out/tags
	for row in '2000 +20 +2000 +20 +100  sensor' \
		'2000 +1 +21000 +20 +2000  network'; do
		grep -qE "^ +$row\$" $out/tags || {
			echo "no row: $row"
			cat $out/said
		}
	done
	for name in '>tag<' '>sensor<' '>network<'; do
		grep -q "$name" $out/tagged.svg || echo "no $name in the picture"
	done
)"

# ---- a real program -------------------------------------------------------------------

demo=build/trace/mps2-an385/demo/concordance
text=tests/trace/demo/text.txt
leak=concordance.c:$(grep -n 'heading = malloc' \
	tests/trace/demo/concordance.c | cut -d: -f1)
verdict "the demo's leak is on its line, once for each heading but one" "$(
	read_trace 1 -s $out/demo.svg -b $out/demo.bench $demo \
		build/trace/demo.trace
	headings=$(($(grep -c '^#' $text) - 1))
	grep -qE "^ +[0-9]+ +$headings  $leak \(index_text\)$" $out/said || {
		echo "no $headings blocks of $leak"
		cat $out/said
	}
	says "no leaks" >/dev/null
	grep -q '^misuse' $out/said && echo "misuse is reported"
	says "allocators, by bytes at the peak" "live over time" \
		"sizes asked for" "lifetimes"
)"
# What the bench would do with it, by awk: its peak and what stays.
verdict "the bench's trace has the same peak, and what is left" "$(
	awk '/^a/ { live += $3; size[$2] = $3 }
		/^r/ { live += $3 - size[$2]; size[$2] = $3 }
		/^f/ { live -= size[$2]; delete size[$2] }
		!/^[ar] [0-9]+ [0-9]+$/ && !/^f [0-9]+$/ { print "odd: " $0 }
		live > peak { peak = live }
		END {
			for (i in size) left++
			print peak, live, left
		}' $out/demo.bench >$out/replayed
	awk '/^  peak/ { peak = $2 }
		/^live at the end/ { print peak, $5, $8 }' $out/said |
		diff $out/replayed -
)"
verdict "the picture has axes with units, a legend, and is not large" "$(
	for text in '<svg ' '</svg>' ' ms</text>' ' KiB</text>' \
		'allocated at' 'concordance.c:' 'asprintf' '>free<' \
		'not taken by the heap' 'mark 3'; do
		grep -qF -e "$text" $out/demo.svg || echo "no $text"
	done
	[ "$(wc -c <$out/demo.svg)" -lt 150000 ] || ls -l $out/demo.svg
	grep -c '<' $out/demo.svg >/dev/null
	if command -v xmllint >/dev/null; then
		xmllint --noout $out/demo.svg
	fi
)"
verdict "a file that cannot be written is named" "$(
	read_trace 2 -q -s $out/absent/x.svg $demo build/trace/demo.trace
	says "absent/x.svg: cannot be written"
)"

tap_end
