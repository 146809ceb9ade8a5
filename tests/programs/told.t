#!/bin/sh
# SPDX-License-Identifier: MIT
# A program that fails with the heap names itself, the difference, and a command
# that shows it again: cases that fail on purpose.
. tests/harness/tap.sh

out=build/tests/programs/told
mkdir -p $out
cat >$out/cases <<'END'
differs: told:
	ls -d .; echo one
	echo "two${LD_PRELOAD:+ is different}"

dies: told:
	echo one
	[ -z "${LD_PRELOAD-}" ] || kill -SEGV $$

fails: told:
	exit 3

needs: told: no-such-command
	true

does: told:
	ls -d .
END
CASES=$out/cases HERE=$PWD/$out/here \
	sh -c '. tests/programs/run.sh; run_cases told heap; tap_end' \
	>$out/said 2>$out/why
status=$?

# says NAME TEXT...: complain about those not in what was told of case NAME.
says()
{
	name=$1
	shift
	awk -v name="$name" '/: not so: / { on = $4 == name } on' $out/why \
		>$out/part
	for text; do
		grep -qF -e "$text" $out/part || {
			echo "not said: $text"
			cat $out/part
		}
	done
}

verdict "a program that fails fails the run, others are not blamed" "$(
	[ $status -eq 1 ] || echo "status $status"
	grep -c '^not ok' $out/said | grep -vx 4
	grep -q '^ok 5 - does ' $out/said || cat $out/said
)"
verdict "it is named, with the difference and how to see it again" "$(
	says differs "differs does with libheap.so what it does without" \
		" one" "-two" "+two is different" \
		"again: make test-programs ONLY=differs PROFILE=heap"
)"
verdict "that it died is a difference" "$(
	says dies "-status 0" "+status 139" "ONLY=dies"
)"
verdict "one that fails anyway proves nothing, and it is said" "$(
	says fails "it fails without the heap" "status 3"
)"
verdict "what is not installed is named" "$(
	says needs "no-such-command is not installed: try 'make deps-all'"
)"
verdict "the command told shows it again" "$(
	says differs "sh $PWD/build/tests/programs/heap/differs/script"
	sed -n '/ROOT=/{N;s/\\\n//;s/^ *//;p;q}' $out/part >$out/again
	sh $out/again | grep -qx "two is different" || {
		echo "it does not:"
		cat $out/again
	}
)"

tap_end
