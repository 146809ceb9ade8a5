#!/bin/sh
# SPDX-License-Identifier: MIT
# Overruns and uses after free in a program on our heap are reported by
# AddressSanitizer and by Valgrind, each where it is made; and nothing else.
. tests/harness/tap.sh

CC=${HOST_CC:-gcc}
out=build/tests/shade
mkdir -p "$out"
errors='write-behind read-behind write-before write-after-resize write-stale
	read-freed write-freed'

# $1: NAME; the others: more for the compiler's command line.
build()
{
	name=$1
	shift
	"$CC" -std=c11 -O1 -g -fno-builtin -Wall -Wextra -Wno-use-after-free \
		-Iheap -Iport -o "$out/$name" tests/link/shade/errs.c "$@" 2>&1
}

# What `run` says of a program that errs, or of one that does not.  $1: a word
# of the report.
reports()
{
	word=$1
	shift
	for error in $errors; do
		timeout 60 "$@" "$error" >"$out/said" 2>&1
		status=$?
		if [ "$status" -ne 9 ]; then
			echo "$error: status $status: $(tail -1 "$out/said")"
		elif ! grep -q "$word" "$out/said" ||
			! grep -q 'errs\.c:' "$out/said"; then
			echo "$error: it is not said where"
		fi
	done
}

is_silent()
{
	timeout 60 "$@" >"$out/said" 2>&1 || echo "status $?"
	cat "$out/said"
}

verdict "the program builds with AddressSanitizer" "$(
	build asan -fsanitize=address build/host/heap-asan.a
)"
ASAN_OPTIONS=exitcode=9:detect_leaks=0
export ASAN_OPTIONS
verdict "AddressSanitizer reports every error" "$(
	reports 'use-after-poison' "$out/asan"
)"
verdict "AddressSanitizer reports nothing else" "$(is_silent "$out/asan")"

memcheck='valgrind --quiet --error-exitcode=9
	--soname-synonyms=somalloc=nouserintercepts'
for names in native malloc; do
	verdict "the program builds for Valgrind, $names" "$(
		case $names in
		malloc) build malloc -DWITH_MALLOC build/host/heap-valgrind.a ;;
		native) build native build/host/heap-valgrind.a ;;
		esac
	)"
	# shellcheck disable=SC2086 # words
	verdict "Valgrind reports every error, $names" "$(
		reports 'Invalid' $memcheck "$out/$names"
	)"
	# shellcheck disable=SC2086 # words
	verdict "Valgrind reports nothing else, $names" "$(
		is_silent $memcheck "$out/$names"
	)"
done
tap_end
