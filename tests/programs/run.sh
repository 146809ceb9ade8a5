# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Run programs without the heap and with it, for the scripts beside this one:
# run_cases SET PROFILE.  ONLY="NAME..." runs only those, CASES=FILE has others;
# HERE is a folder that no other run uses meanwhile.
# Needs the programs that programs.mk builds, and libPROFILE.so.

. tests/harness/tap.sh

ROOT=$PWD
BUILD=$ROOT/build/tests/programs
export ROOT BUILD
cases=${CASES:-tests/programs/cases.txt}
here=${HERE:-$BUILD/here}

# Names of the cases of set $1.
cases_of()
{
	awk -F: -v set="$1" -v only=" ${ONLY-} " '
		/^[a-z]/ && (set == "" || index(" " $2 " ", " " set " ")) &&
		(only == "  " || index(only, " " $1 " ")) { print $1 }
	' "$cases"
}

# The commands that case $1 needs, and its script.
needs_of()
{
	awk -F: -v name="$1" '/^[a-z]/ && $1 == name { print $3 }' \
		"$cases"
}

script_of()
{
	awk -F: -v name="$1" '
		/^[^\t]/ { mine = $1 == name && !/^#/ }
		mine && /^\t/ { print substr($0, 2) }
	' "$cases"
}

# The library of profile $2 for case $1.
library_of()
{
	case $1 in
	*-32) echo "$ROOT/build/host32/lib$2.so" ;;
	*) echo "$ROOT/build/host/lib$2.so" ;;
	esac
}

# In an empty folder, to the same path each time: run script $1, output and
# status to $2, the rest are settings.
run_script()
{
	script=$1
	output=$2
	shift 2
	rm -rf "$here"
	mkdir -p "$here"
	(
		cd "$here" || exit
		timeout "${PROGRAM_SECONDS:-300}" env "$@" sh "$script" \
			</dev/null >"$output" 2>&1
		echo "status $?" >>"$output"
	)
}

# What is different for case $1 with profile $2, or nothing.
complaints_of()
{
	at=$BUILD/$2/$1
	lib=$(library_of "$1" "$2")
	for tool in $(needs_of "$1"); do
		command -v "$tool" >/dev/null || {
			echo "$tool is not installed: try 'make deps-all'"
			return
		}
	done
	rm -rf "$at"
	mkdir -p "$at"
	script_of "$1" >"$at/script"
	case $1 in
	# They are about the heap: glibc's differs.
	family* | threads*) echo "status 0" >"$at/without" ;;
	*) run_script "$at/script" "$at/without" A=a ;;
	esac
	[ "$(tail -n 1 "$at/without")" = "status 0" ] || {
		echo "it fails without the heap, which proves nothing:"
		tail -n 5 "$at/without"
	}
	run_script "$at/script" "$at/with" LD_PRELOAD="$lib" \
		HEAP_AT_EXIT="$at/at_exit"
	case $1 in
	family* | threads*) sed -n '/^status/p; /^not so/p; /^heap:/p' \
		"$at/with" >"$at/with.told" ;;
	*) cp "$at/with" "$at/with.told" ;;
	esac
	cmp -s "$at/without" "$at/with.told" || {
		echo "without the heap and with it (at most 20 lines):"
		diff -U1 "$at/without" "$at/with.told" | sed -n '3,22p'
		echo "with it, its last lines are:"
		tail -n 2 "$at/with.told"
	}
	grep -sq '^sound' "$at/at_exit" ||
		echo "no process said at its end that the heap was sound"
	grep -s '^broken' "$at/at_exit"
}

# $1 set, $2 profile
run_cases()
{
	for name in $(cases_of "$1"); do
		found=$(complaints_of "$name" "$2")
		[ -z "$found" ] || found="$found
again: make test-programs ONLY=$name PROFILE=$2
or, in an empty folder:
       ROOT=$ROOT BUILD=$BUILD LD_PRELOAD=$(library_of "$name" "$2") \\
       sh $BUILD/$2/$name/script"
		verdict "$name does with lib$2.so what it does without" "$found"
	done
}
