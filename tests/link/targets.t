#!/bin/bash
# SPDX-License-Identifier: MIT
# RISC-V and x86-64 kernels as users build for them: make install, and what
# CMake and Meson take the target and the libc for by the compiler's flags.
# shellcheck source=tests/harness/tap.sh
. tests/harness/tap.sh

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX TARGET TARGETS
unset LIBC CFLAGS CPPFLAGS LDFLAGS PKG_CONFIG_PATH

top=$PWD
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
targets='rv32imac rv64imac x86_64-kernel'
kernel='-mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-pic'

# Complain unless the command succeeds and says $1.
says()
{
	local text=$1

	shift
	if ! "$@" >"$tmp/log" 2>&1; then
		echo "failed: $*"
		cat "$tmp/log"
	elif ! grep -qF -e "$text" "$tmp/log"; then
		echo "does not say \"$text\": $*"
		cat "$tmp/log"
	fi
}

verdict "make install TARGETS='$targets'" "$(
	says "$tmp/there" make -s install TARGETS="$targets" PREFIX="$tmp/there"
	cd "$tmp/there/lib/heap" && diff - <(echo */*/heap.a | tr ' ' '\n') <<-END
		rv32imac/none/heap.a
		rv32imac/picolibc/heap.a
		rv64imac/none/heap.a
		rv64imac/picolibc/heap.a
		x86_64-kernel/none/heap.a
	END
)"

# CMake's and Meson's word for a processor, the compiler, its flags.
cases()
{
	cat <<END
rv32imac picolibc riscv32 riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 --specs=picolibc.specs
rv64imac picolibc riscv64 riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 --specs=picolibc.specs
x86_64-kernel none x86_64 gcc $kernel
END
}

mkdir -p "$tmp/find" "$tmp/sources" "$tmp/meson/subprojects"
cat >"$tmp/find/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.15)
project(native C)
find_package(heap 0.1 REQUIRED)
add_library(native STATIC native.c)
target_link_libraries(native PRIVATE heap::heap)
END
cat >"$tmp/sources/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.15)
project(native C)
add_subdirectory(${HEAP_SOURCE}/tools/package/cmake heap)
add_library(native STATIC native.c)
target_link_libraries(native PRIVATE heap::heap)
add_dependencies(native heap)
END
cat >"$tmp/meson/meson.build" <<'END'
project('native', 'c', default_options: ['c_std=c11'])
executable('native', 'native.c', dependencies: dependency('heap',
  fallback: 'heap'), link_args: ['-nostdlib', '-static', '-no-pie',
  '-Wl,--unresolved-symbols=ignore-all'])
END
for project in find sources meson; do
	cp tests/link/install/native.c "$tmp/$project"
done
mkdir "$tmp/meson/subprojects/heap"
cp -r heap port linker tools "$tmp/meson/subprojects/heap"
cp tools/package/meson/meson* "$tmp/meson/subprojects/heap"

# Configure and build CMake project $1 for $target, saying $2.
by_cmake()
{
	says "heap: $2" cmake -S "$tmp/$1" -B "$tmp/$1/$target" \
		-DCMAKE_SYSTEM_NAME=Generic -DCMAKE_SYSTEM_PROCESSOR="$processor" \
		-DCMAKE_C_COMPILER="$cc" -DCMAKE_C_FLAGS="$flags" \
		-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY \
		-DCMAKE_PREFIX_PATH="$tmp/there" -DHEAP_SOURCE="$top"
	says native cmake --build "$tmp/$1/$target"
}

by_meson()
{
	cat >"$tmp/cross.ini" <<END
[binaries]
c = '$cc'
ar = 'ar'
[built-in options]
c_args = ['${flags// /\', \'}']
c_link_args = ['${flags// /\', \'}']
[properties]
needs_exe_wrapper = true
skip_sanity_check = true
[host_machine]
system = 'none'
cpu_family = '$processor'
cpu = '$processor'
endian = 'little'
END
	says "$target" meson setup --cross-file "$tmp/cross.ini" \
		"$tmp/meson/$target" "$tmp/meson"
	grep -q "libc *: $libc" "$tmp/log" || cat "$tmp/log"
	# Nothing else of a kernel is there: the link need not be whole.
	says native meson compile -C "$tmp/meson/$target"
}

while read -r target libc processor cc flags; do
	verdict "CMake, find_package: $target, $libc" "$(
		by_cmake find "archives of $target/$libc"
	)"
	verdict "CMake, add_subdirectory: $target, $libc" "$(
		by_cmake sources "sources for $target, $libc"
	)"
	verdict "Meson, a subproject: $target, $libc" "$(by_meson)"
done <<<"$(cases)"

tap_end
