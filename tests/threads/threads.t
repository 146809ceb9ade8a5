#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2086 # the locks are words
# Three preempted threads share malloc under each lock; without one they come to
# grief, or this test would show nothing.  PREEMPT=full: a million operations
# everywhere, not only on one board.
. tests/harness/tap.sh

programs=build/threads
[ -x $programs/mps2-an385/threads ] || {
	echo "1..0 # SKIP not built: make test builds it"
	exit 0
}

run()
{
	QEMU_ICOUNT=6 boards/run -t 60 "$1" "$programs/$1/threads" \
		"LOCK=$2" "OPS=$3" >"$programs/$1/$2.txt" 2>&1
	status=$?
	sed "s/^/# $1, $2: /" "$programs/$1/$2.txt"
	return $status
}

for board in mps2-an385 microbit mps2-an505; do
	case $board in
	microbit) locks='primask mutex' ;;
	*) locks='primask basepri spin mutex' ;;
	esac
	ops=100000
	[ $board != mps2-an385 ] && [ "${PREEMPT-}" != full ] || ops=1000000
	for lock in $locks; do
		verdict "$board, $lock: $ops operations of three threads" \
			"$(run $board $lock $ops >$programs/said ||
				cat $programs/said)"
		cat $programs/said
	done
	# Damage seen, an exception, a lock-up, or no end: all but status 0.
	verdict "$board, no lock: the same threads damage the heap" \
		"$(run $board none $ops >$programs/said &&
			cat $programs/said)"
	cat $programs/said
	# A thread that is preempted in the heap is what a mutex is for.
	verdict "$board, mutex: threads were preempted inside the heap" \
		"$(grep -q ' [1-9][0-9]* inside the heap' \
			$programs/$board/mutex.txt || echo none)"
done

# Observers that print, in threads that are preempted there.
tell()
{
	QEMU_ICOUNT=6 boards/run -t 60 "$1" "$programs/$1/observers" "$2" \
		>"$programs/$1/observers.txt" 2>&1
	status=$?
	sed "s/^\(# \)*/# $1, observers: /" "$programs/$1/observers.txt"
	return $status
}

for board in mps2-an385 microbit mps2-an505; do
	ops=6000
	[ "${PREEMPT-}" != full ] || ops=300000
	verdict "$board: observers print $ops operations of two threads" \
		"$(tell $board $ops >$programs/said || cat $programs/said)"
	tail -n 1 $programs/said
done

tap_end
