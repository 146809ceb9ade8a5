#!/bin/sh
# SPDX-License-Identifier: MIT
# Is every test that CORNERS.md names there?  Do those of a program's side hold
# with the heap preloaded?
here=${0%/*}
out=$here/../../build/campaign
number=0

# verdict SENTENCE COMPLAINTS
verdict()
{
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "$2" | sed 's/^/# /' >&2
	fi
}

named()
{
	tests=$(grep -rhoE '^TEST\(\w+' "$here/.." --include='*_test.c')

	# shellcheck disable=SC2016 # these are backquotes
	for name in $(grep '^|' "$here/CORNERS.md" |
		grep -oE '`[a-z][A-Za-z0-9_]{9,}`' | tr -d '`'); do
		echo "$tests" | grep -qx "TEST($name" ||
			echo "CORNERS.md names $name, which no suite has"
	done
}

# preloaded BITS TARGET ARCHIVE
preloaded()
{
	library=$here/../../build/$2/lib$3.so
	[ -f "$library" ] || {
		echo "there is no $library: run make TARGET=$2"
		return
	}
	LD_PRELOAD=$library timeout 60 "$out/corners-$1" >"$out/corners.out" 2>&1 ||
		grep -v '^ok' "$out/corners.out"
	[ "$(grep -c '^ok' "$out/corners.out")" -gt 5 ] ||
		echo "corners-$1 did not run its tests"
}

verdict 'every test that CORNERS.md names is there' "$(named)"
for archive in heap heap-debug heap-min; do
	verdict "corners, lib$archive.so preloaded, 64 bits" \
		"$(preloaded 64 host $archive)"
	verdict "corners, lib$archive.so preloaded, 32 bits" \
		"$(preloaded 32 host32 $archive)"
done
echo "1..$number"
