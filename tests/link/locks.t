#!/bin/sh
# SPDX-License-Identifier: MIT
# heap_newlib_locks.o and heap_picolibc_locks.o: all of libc's lock names and no
# others, and that they do what locks do, on a board.  Debian's newlib is built
# without retargetable locking: there the program calls them itself.
. tests/harness/tap.sh

out=build/tests/locks
mkdir -p $out
functions='init close acquire try_acquire release'

# The names that libc $1 has in its lock object.
names_of()
{
	for f in $functions; do
		printf '%s\n' "__retarget_lock_$f" "__retarget_lock_${f}_recursive"
	done
	case $1 in
	newlib) set -- sfp_recursive atexit_recursive at_quick_exit \
		malloc_recursive env_recursive tz dd_hash arc4random ;;
	picolibc) set -- libc_recursive ;;
	esac
	printf '__lock___%s_mutex\n' "$@"
}

for target in cortex-m0 cortex-m3 cortex-m33; do
	for libc in newlib picolibc; do
		object=build/$target/$libc/heap_${libc}_locks.o
		names_of $libc | sort >$out/wanted
		arm-none-eabi-nm -g --defined-only "$object" |
			awk '{ print $3 }' | sort >$out/defined
		verdict "$object defines every lock of $libc, and nothing else" \
			"$(diff $out/wanted $out/defined)"
		verdict "$object needs the port only" "$(
			arm-none-eabi-nm -gu "$object" |
				grep -v ' heap_port_default$'
		)"
	done
done

for libc in newlib nano picolibc; do
	home=build/cortex-m3/$(echo $libc | sed s/nano/newlib/)
	case $libc in
	newlib) specs= ;;
	*) specs=--specs=$libc.specs ;;
	esac
	verdict "$libc: the locks nest over a port that records" "$(
		# shellcheck disable=SC2086 # none, or a word
		arm-none-eabi-gcc $specs -mcpu=cortex-m3 -mthumb -std=c11 -Os \
			-Wall -Wextra -Werror -fno-builtin -ffunction-sections \
			-Iboards -Iport -Iheap -Itests/link/proofs -nostartfiles \
			-Llinker -T linker/mps2-an385.ld -Wl,--gc-sections \
			-Wl,-Map=$out/$libc.map -o $out/$libc boards/startup.c \
			boards/stdio.c boards/semihost.c boards/console_semihost.c \
			tests/link/locks/locks.c tests/link/proofs/witness.c \
			"$home"/heap_*_locks.o "$home/heap.a" 2>&1 &&
			boards/run mps2-an385 $out/$libc ||
			echo "ends with status $?"
	)"
	verdict "$libc: its own lock object stays out of the link" "$(
		grep 'libc.*(.*lock\.[a-z.]*o)' $out/$libc.map | grep -v mlock
	)"
done

# The lock object of the installed picolibc, the only libc that has one.
libc_a=$(sed -n 's/^LOAD \(.*libc\.a\)$/\1/p' $out/picolibc.map | head -n 1)
arm-none-eabi-nm --defined-only "$libc_a" 2>/dev/null |
	sed -n 's/.* \(__retarget_lock_.*\|__lock___.*\)/\1/p' | sort >$out/theirs
verdict "picolibc has no lock name that is not ours" "$(
	[ -s $out/theirs ] || echo "$libc_a has none at all"
	names_of picolibc | sort | comm -13 - $out/theirs
)"

tap_end
