#!/bin/bash
# SPDX-License-Identifier: MIT
# The manifests for other build systems: their form, and that what they name
# compiles as those would compile it.
# shellcheck source=tests/harness/tap.sh
. tests/harness/tap.sh

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR
here=$PWD/tests/link/install
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
package=$tmp/package

quietly()
{
	"$@" >"$tmp/log" 2>&1 || {
		echo "failed: $*"
		cat "$tmp/log"
	}
}

# Compile all files given with compiler $1 to $tmp/$2, with the flags in FLAGS.
compile()
{
	local compiler=$1 out=$tmp/$2 file

	shift 2
	mkdir -p "$out"
	for file; do
		# shellcheck disable=SC2086 # words
		quietly "$compiler" $FLAGS -c -o "$out/$(basename "$file").o" \
			"$file"
	done
}

verdict "make manifests writes a package" "$(
	quietly make -s manifests DESTDIR="$package"
)"
verdict "without DESTDIR it says what to do" "$(
	make manifests 2>&1 | grep -q 'make manifests DESTDIR=dir' ||
		echo "it does not"
)"
verdict "the manifests are well-formed and agree with the files" "$(
	"$here"/shapes.pl "$package" 2>&1
	! command -v xmllint >/dev/null ||
		quietly xmllint --noout "$package"/*.pdsc
)"
verdict "nothing in the package knows where it was made" "$(
	grep -rIlF -e "$PWD" -e "$tmp" "$package"
)"

# Without any flag of ours: not all of these systems take them.
verdict "src/ compiles with its own folder alone, here" "$(
	FLAGS="-std=c11 -O2 -Wall -Wextra -Werror -I$package/src" \
		compile gcc host "$package"/src/*.c
	ar crD "$tmp/host.a" "$tmp"/host/*.o
	quietly gcc -I"$package/src" -o "$tmp/native" "$here/native.c" \
		"$tmp/host.a"
	"$tmp/native"
	[ $? -eq 7 ] || echo "the program does not end with 7"
)"
for cpu in cortex-m0plus cortex-m4; do
	verdict "src/ and libc/ compile for $cpu, and call no malloc" "$(
		FLAGS="-std=gnu11 -Os -mthumb -mcpu=$cpu -I$package/src" \
			compile arm-none-eabi-gcc $cpu "$package"/src/*.c \
			"$package"/libc/{malloc,info,newlib}.c
		FLAGS="-std=gnu11 -O3 -mthumb -mcpu=$cpu -I$package/src
			--specs=picolibc.specs" compile arm-none-eabi-gcc \
			$cpu-picolibc "$package"/libc/{malloc,info,picolibc}.c
		arm-none-eabi-objdump -r "$tmp/$cpu"*/*.o |
			grep -E 'R_ARM_THM_\S+ +(malloc|calloc|realloc|free)$'
	)"
done

# What CMake says of the two CMakeLists.txt, with the commands of the build
# systems played by a few lines.
verdict "CMake reads ESP-IDF's and Zephyr's CMakeLists.txt" "$(
	command -v cmake >/dev/null || exit 0
	cp "$here/stage.cmake" "$tmp/CMakeLists.txt"
	cp "$here/native.c" "$tmp"
	quietly cmake -S "$tmp" -B "$tmp/stage"
	quietly cmake --build "$tmp/stage"
)"

tap_end
