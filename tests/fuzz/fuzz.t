#!/bin/sh
# SPDX-License-Identifier: MIT
# What engines have found and the seed corpus, replayed without an engine; and
# some random arenas.  SEED=n begins elsewhere, ARENAS=n tries more.
. tests/harness/tap.sh

arenas=${ARENAS:-100000}
seed=${SEED:-1}
out=build/fuzz/plain

# The complaints of a command that fails.
complaints()
{
	{ timeout "${TEST_SECONDS:-120}" "$@" >/dev/null; } 2>&1 && return
	echo "status $?"
}

share=$((arenas / 8))
for program in "$out"/*/*/fuzz; do
	what=${program#"$out"/}
	what=${what%/fuzz}
	for target in ops arena; do
		verdict "$what: $target takes what is in its corpus" "$(
			complaints "$program" $target \
				tests/fuzz/corpus/$target/*
		)"
	done
	verdict "$what: $share random arenas from seed $seed" "$(
		complaints "$program" loop $share "$seed"
	)"
done
verdict "every program was there" "$(
	ls "$out"/*/*/fuzz >/dev/null 2>&1 || echo "no program in $out"
)"

tap_end
