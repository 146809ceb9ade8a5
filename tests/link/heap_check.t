#!/bin/sh
# SPDX-License-Identifier: MIT
# heap-check on files that it was not made for, and on programs that have the
# names by which it knows allocators.  tests/link/proofs.t has real programs.
. tests/harness/tap.sh

dir=build/heap_check
tool=build/tools/heap-check
rm -rf $dir
mkdir -p $dir

# says STATUS TEXT WHAT ARGUMENT...: a verdict on one run of heap-check.
says()
{
	expected=$1 text=$2 what=$3
	shift 3
	timeout 10 $tool "$@" >$dir/out 2>&1
	status=$?
	verdict "$what: $text" "$(
		if [ $status -ne "$expected" ] ||
			! grep -qF -e "$text" $dir/out; then
			echo "$tool $*"
			echo "ends with status $status, expected $expected:"
			cat $dir/out
		fi
	)"
}

# program NAME LINE...: link one, for this machine, of assembly; with a map.
program()
{
	name=$1
	shift
	{
		printf '.globl _start\n.text\n_start: nop\n'
		printf '%s\n' "$@"
	} >$dir/"$name".s
	gcc -c -o $dir/"$name".o $dir/"$name".s &&
		ld -Map=$dir/"$name".map -o $dir/"$name" $dir/"$name".o
}

# A symbol of that many bytes, in .data or .text.
symbol()
{
	printf '%s\n.globl %s\n.type %s, %%%s\n%s: .zero %s\n.size %s, %s\n' \
		"${3:-.data}" "$1" "$1" \
		"$([ "${3:-.data}" = .text ] && echo function || echo object)" \
		"$1" "$2" "$1" "$2"
}

# ---- the command line ------------------------------------------------------

says 2 usage: "no argument"
says 2 usage: "an unknown option" -x
says 2 usage: "three files" a b c
says 0 usage: "-h" -h

# ---- files that are no programs --------------------------------------------

says 2 "cannot be read: No such file" "no file" $dir/absent
says 2 "cannot be read" "a folder" $dir
: >$dir/empty
says 2 "is not an ELF file" "an empty file" $dir/empty
says 2 "is not an ELF file" "a text" Makefile
says 2 "is an archive" "an archive" build/cortex-m3/heap.a

program plain "$(symbol malloc 8 .text)"
says 2 "is an object, not a linked program" "an object" $dir/plain.o
strip -o $dir/stripped $dir/plain
says 2 "is stripped" "a stripped program" $dir/stripped
says 2 "is linked dynamically" "a program of this system" $tool
{
	head -c 18 $dir/plain
	printf '\010\000'
	tail -c +21 $dir/plain
} >$dir/mips
says 2 "for a machine that the heap does not run on" "MIPS" $dir/mips
objcopy -O binary $dir/plain $dir/plain.bin
says 2 "is not an ELF file" "a .bin" $dir/plain.bin

length=$(wc -c <$dir/plain)
for n in 5 30 63 100 $((length / 2)) $((length - 300)) $((length - 1)); do
	head -c "$n" $dir/plain >$dir/short
	timeout 10 $tool $dir/short >$dir/out 2>&1
	echo "$n $?"
done >$dir/statuses
verdict "a program cut short is refused, wherever that is" "$(
	grep -v ' 2$' $dir/statuses
)"

# Any byte of the headers and tables may be wrong: no signal, no endless loop.
for n in $(seq 4 7 400) $(seq $((length - 600)) 11 $((length - 1))); do
	{
		head -c "$n" $dir/plain
		printf '\377'
		tail -c +$((n + 2)) $dir/plain
	} >$dir/damaged
	timeout 10 $tool $dir/damaged $dir/plain.map >$dir/out 2>&1
	echo "$n $?"
done >$dir/statuses
verdict "a damaged program ends with status 0, 1 or 2" "$(
	grep -v ' [012]$' $dir/statuses
)"

# ---- files that are no maps, or another's ----------------------------------

says 1 "malloc is not ours" "a program and its map" $dir/plain $dir/plain.map
says 2 "cannot be read: No such file" "no map" $dir/plain $dir/absent
says 2 "is not a map file of GNU ld" "an empty map" $dir/plain $dir/empty
says 2 "is not a map file of GNU ld" "a text for a map" $dir/plain Makefile
says 2 "is not a map file of GNU ld" "the program twice" $dir/plain $dir/plain
says 2 "is not an ELF file" "the two exchanged" $dir/plain.map $dir/plain
head -n 20 $dir/plain.map >$dir/short.map
says 2 "or is cut short" "half a map" $dir/plain $dir/short.map
program other "$(symbol malloc 80 .text)"
says 2 "is the map of another program" "another's map" $dir/plain $dir/other.map

# ---- names of allocators ---------------------------------------------------

program none ""
says 1 "no heap at all" "no allocator" $dir/none
says 1 "one that heap-check does not know" "an unknown malloc" $dir/plain
says 1 "another, in plain.o, which defines malloc" "whose it is" \
	$dir/plain $dir/plain.map

# known WHOSE NAME SIZE
known()
{
	program "has_$2" "$(symbol "$2" "$3")"
	says 1 "malloc is not ours: it is $1" "$2" $dir/"has_$2"
}
known "newlib's" __malloc_av_ 1032
known "newlib-nano's" __malloc_free_list 4
known "picolibc's" __malloc_sbrk_top 4
known "picolibc's (newer than 1.8)" __malloc_bucket_list 20
known "glibc's" _int_malloc 100

# What heap.a's malloc, tripwires included, leaves in a program.
ours=$(
	symbol heap_default 200
	symbol heap_libc_alloc 20 .text
	symbol malloc 8 .text
	symbol __malloc_av_ 1
	symbol __malloc_free_list 1
)
program own_port "$ours"
says 0 "port does not use the linker script's region" "ours, on a port of its own" \
	$dir/own_port
says 0 "has one heap, and it is ours" "ours" $dir/own_port

program two_calls "$(symbol heap_default 200)" "$(symbol malloc 8 .text)" \
	"$(symbol heap_libc_exhausted 8 .text)"
says 0 "serving malloc" "ours, malloc alone" $dir/two_calls
says 1 "malloc's family are ours" "a malloc beside our engine" $dir/two_calls \
	$dir/two_calls.map

program ready "$(symbol heap_libc_malloc 1)"
says 0 "nothing in the program allocates" "ours ready, none needed" $dir/ready
says 0 "has no heap, and ours ready" "ours ready, none needed" $dir/ready

# region START END [LINE]: ours, on the linker script's region.
region()
{
	program region "$ours" "$(symbol heap_region_linker 12)" \
		".globl __heap_start, __heap_end" \
		"__heap_start = $1" "__heap_end = $2" "$3"
}
region 0x20000000 0x20001000
says 0 "4096 bytes" "a region" $dir/region
says 0 "no symbol that heap-check knows tells where the stack" "no stack" \
	$dir/region
region 0x20001000 0x20000000
says 1 "the region is reversed" "a reversed region" $dir/region
region 0x20000000 0x20000000
says 1 "the region is empty" "an empty region" $dir/region
region 0x20000000 0x20000020
says 1 "has only 32 bytes" "a tiny region" $dir/region
region 0x20000000 0x20001000 ".globl __stack; __stack = 0x20001000"
says 1 "leaves 0 bytes for the stack" "no room for a stack" $dir/region
region 0x20000000 0x20001000 ".globl __stack; __stack = 0x20000800"
says 1 "reaches over the stack" "a stack inside" $dir/region
region 0x20000800 0x20001000 ".globl __stack; __stack = 0x20000800"
says 0 "down from 0x20000800" "a stack below" $dir/region
region 0x400000 0x500000
says 1 "the region overlaps .text" "a region over the code" $dir/region
program no_end "$ours" "$(symbol heap_region_linker 12)" \
	".globl __heap_start" "__heap_start = 0x20000000"
says 1 "no symbol says where the heap ends" "no end" $dir/no_end
says 1 "define __heap_end in the linker script" "no end" $dir/no_end
program both "$ours" "$(symbol __malloc_trim_threshold 4)"
says 1 "two heaps: ours and newlib's" "two heaps" $dir/both

$tool -q $dir/own_port >$dir/out 2>&1
verdict "-q says nothing of a sound program" "$(cat $dir/out)"
says 1 "PROBLEM: two heaps" "-q" -q $dir/both

tap_end
