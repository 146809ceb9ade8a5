#!/bin/bash
# SPDX-License-Identifier: MIT
# heap_rename.h: a file's malloc is the heap's, while libc's stays in place for
# all others; with each libc, on a board and on this machine.
# shellcheck source=tests/harness/tap.sh disable=SC2054 # commas of the linker's
. tests/harness/tap.sh

out=build/tests/rename
here=tests/link/rename
mkdir -p $out
strict=(-std=gnu11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-align
	-Werror -fno-builtin -Iheap -Iport)
rename=(-Iheap/libc -include heap_rename.h)
arm=(arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -g)
vectors=tests/link/proofs/vectors.c
rdimon=("$vectors" -Wl,-u,vectors -Wl,--section-start=.vectors=0)

quietly()
{
	"$@" >$out/log 2>&1 || {
		echo "failed: $*"
		cat $out/log
	}
}

# build NAME ARCHIVE COMPILER...: two files, one of them renamed, one program.
# $libc comes before the archive, so that malloc is libc's.
build()
{
	name=$out/$1 archive=$2
	shift 2
	# It misuses memory only where that is found.
	case $archive in
	*/heap-min.a) set -- "$@" -DHEAP_CHECK=0 ;;
	esac
	quietly "$@" "${strict[@]}" -c -o "$name-beside.o" $here/beside.c
	quietly "$@" "${strict[@]}" "${rename[@]}" -c -o "$name-renamed.o" \
		$here/renamed.c
	quietly "$@" -o "$name" "$name-beside.o" "$name-renamed.o" \
		"${link[@]}" "${libc[@]}" "$archive"
}

on_board()
{
	build "$@"
	boards/run -t 20 mps2-an385 "$out/$1" >$out/log 2>&1
	status=$?
	[ $status -eq 7 ] || { echo "$1 ends with $status"; cat $out/log; }
	nm "$out/$1" | grep -q ' T heap_std_malloc$' || echo "not renamed"
	nm "$out/$1" | grep -q ' [Rr] heap_libc_malloc$' &&
		echo "our malloc is in it as well"
}

for archive in heap heap-min heap-debug; do
	libc=(-lc)
	link=(-Wl,--defsym=__flash=0 -Wl,--defsym=__flash_size=0x400000
		-Wl,--defsym=__ram=0x20000000 -Wl,--defsym=__ram_size=0x400000)
	verdict "beside picolibc's malloc, $archive.a" "$(on_board \
		picolibc-$archive build/cortex-m3/picolibc/$archive.a "${arm[@]}" \
		--specs=picolibc.specs --oslib=semihost --crt0=hosted)"
	link=("${rdimon[@]}")
	libc=(-Wl,--start-group -lc -lrdimon -Wl,--end-group)
	verdict "beside newlib's malloc, $archive.a" "$(on_board \
		newlib-$archive build/cortex-m3/newlib/$archive.a "${arm[@]}" \
		--specs=rdimon.specs)"
	libc=(-Wl,--start-group -lc_nano -lrdimon_nano -Wl,--end-group)
	verdict "beside newlib-nano's malloc, $archive.a" "$(on_board \
		nano-$archive build/cortex-m3/newlib/$archive.a "${arm[@]}" \
		--specs=nano.specs --specs=rdimon.specs)"
done

link=()
libc=(-lc)
for bits in 64 32; do
	archive=build/host/heap.a
	[ $bits = 32 ] && archive=build/host32/heap.a
	verdict "beside this machine's malloc, $bits bits" "$(
		build host$bits $archive gcc -m$bits -O2
		timeout 10 $out/host$bits
		status=$?
		[ $status -eq 7 ] || echo "ends with $status"
	)"
done

# The archive first: malloc is taken from it, in silence; so the page says.
verdict "an archive in front of libc would take malloc" "$(
	libc=()
	build wrong build/host/heap.a gcc -O2
	timeout 10 $out/wrong
	[ $? -eq 1 ] || echo "it does not"
)"

# ---- off, and where it cannot work ------------------------------------------

names()
{
	nm -u "$1" | awk '{ print $2 }' |
		grep -E '^(heap_|_?(malloc|calloc|realloc|free|strdup)$)' | sort
}

verdict "HEAP_RENAME_OFF leaves the names alone" "$(
	echo 'char *copy(const char *t); char *copy(const char *t)
		{ return strdup(t); }' >$out/off.c
	quietly gcc -fno-builtin -Iheap -Iport "${rename[@]}" -c \
		-o $out/on.o $out/off.c
	quietly gcc -fno-builtin -Iheap -Iport "${rename[@]}" -include string.h \
		-DHEAP_RENAME_OFF -c -o $out/off.o $out/off.c
	[ "$(names $out/on.o)" = heap_std_strdup ] || names $out/on.o
	[ "$(names $out/off.o)" = strdup ] || names $out/off.o
)"

verdict "after heap.h it says what to do" "$(
	printf '#include "heap.h"\n#include "heap_rename.h"\n' >$out/late.c
	gcc -Iheap -Iport -Iheap/libc -c -o $out/late.o $out/late.c 2>&1 |
		grep -q 'include it before' || echo "it does not"
)"

verdict "an assembler file takes no harm" "$(
	echo '.globl one; one: .long 1' >$out/one.S
	quietly gcc -Iheap "${rename[@]}" -c -o $out/one.o $out/one.S
)"

# shellcheck disable=SC2016 # awk's
verdict "C++ is renamed with std:: and without" "$(
	quietly g++ -Iheap -Iport -Wall -Wextra -Werror "${rename[@]}" -c \
		-o $out/names.o $here/names.cc
	names $out/names.o >$out/log
	printf 'heap_std_%s\n' free malloc realloc strdup | diff - $out/log
)"

tap_end
