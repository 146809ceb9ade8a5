#!/bin/sh
# SPDX-License-Identifier: MIT
# An interrupt at every instruction of every operation, whose handler frees,
# frees again and allocates; and the proof from QEMU's trace that it was every
# instruction.
. tests/harness/tap.sh

out=build/threads
[ -x $out/mps2-an385/every ] || {
	echo "1..0 # SKIP not built: make test builds it"
	exit 0
}

# every BOARD LOCK [ARGUMENT...]
every()
{
	QEMU_ICOUNT=6 boards/run -t 60 "$1" "$out/$1/every" "LOCK=$2" "$3"
}

for board in microbit mps2-an385 mps2-an505; do
	for lock in mutex primask; do
		place=$board-$lock
		log=$out/$board/$place.log
		verdict "$place: every operation bears an interrupt anywhere" "$(
			every $board $lock STEP=1 >$out/$board/$place.hits 2>&1 ||
				grep -v "^hit" $out/$board/$place.hits
		)"
		verdict "$place: and that was at every instruction" "$(
			QEMU_ARGS="-singlestep -d exec,nochain -D $log" \
				every $board $lock TRACE=1 2>&1 |
				grep -v "^ok"
			perl tests/threads/every.pl $out/$board/every "$log" \
				$out/$board/$place.hits \
				tests/threads/misses.txt $place \
				>$out/$board/$place.txt 2>&1 ||
				cat $out/$board/$place.txt
		)"
		rm -f "$log"
		sed -n "s/^all:/# $place:/p" $out/$board/$place.txt
	done
done

tap_end
