#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs the heap, moves it to another place, and builds firmware against it
# as users do: make with pkg-config, CMake, Meson.  Each runs under QEMU: the
# programs end with 7 when their blocks are in our heap.
# shellcheck source=tests/harness/tap.sh disable=SC2317 # called by name
. tests/harness/tap.sh

# Users' builds are no part of this one.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX TARGET TARGETS
unset LIBC CFLAGS CPPFLAGS LDFLAGS PKG_CONFIG_PATH

top=$PWD
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
there=$tmp/there
here=$top/tests/link/install
export PKG_CONFIG_LIBDIR=$there/lib/pkgconfig

cpu=(-mcpu=cortex-m3 -mthumb)

# Complain unless the command succeeds.
quietly()
{
	"$@" >"$tmp/log" 2>&1 || {
		echo "failed: $*"
		cat "$tmp/log"
	}
}

# Complain unless the command fails and says $1.
refused()
{
	local text=$1

	shift
	if "$@" >"$tmp/log" 2>&1; then
		echo "succeeded: $*"
	elif ! tr -s '\n ' '  ' <"$tmp/log" | grep -qF -e "$text"; then
		echo "does not say \"$text\": $*"
		cat "$tmp/log"
	fi
}

# Complain unless the firmware ends with 7.
runs()
{
	local status

	boards/run -t 20 mps2-an385 "$1" >"$tmp/log" 2>&1
	status=$?
	[ $status -eq 7 ] || {
		echo "$1 ends with $status:"
		cat "$tmp/log"
	}
}

# Missing command $1: TAP of a test that needs it.
lacks()
{
	command -v "$1" >/dev/null && return 1
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $2 # SKIP $1 is not installed: try 'make deps'"
}

# A new folder $1 for a user's project, with the board's files copied to it;
# but its linker script is a user's, that does not ask for malloc.
project()
{
	mkdir -p "$tmp/$1/board"
	cp "$here"/*.c "$tmp/$1"
	cp boards/board.h boards/semihost.[ch] boards/startup.[ch] boards/stdio.c \
		boards/console_semihost.c boards/board_port.c "$tmp/$1/board"
	sed '/^EXTERN(heap_libc_malloc)/d' linker/sections.ld >"$tmp/$1/board/sections.ld"
	cp linker/mps2-an385.ld "$tmp/$1/board/board.ld"
}

# The flags that choose a libc.  "none" needs memset and its like from one.
specs_of()
{
	case $1 in
	picolibc | none) echo --specs=picolibc.specs ;;
	nano) echo --specs=nano.specs ;;
	esac
}

# ---- make install ----------------------------------------------------------

verdict "make install TARGETS=... DESTDIR=... PREFIX=... succeeds" "$(
	quietly make -s install TARGETS='host cortex-m3' \
		DESTDIR="$tmp/stage" PREFIX=/opt/heap
	mv "$tmp/stage/opt/heap" "$there"
	find "$tmp/stage" -type f
)"
libcs=$(cd "$there/lib/heap/cortex-m3" && echo *)
variants=${libcs/newlib/newlib nano}

verdict "what is installed knows no absolute path" "$(
	grep -rIlF -e "$tmp" -e "$top" -e /opt/heap "$there"
)"

verdict "libc's locks are installed as objects, in no archive" "$(
	cd "$there/lib/heap/cortex-m3" || exit
	for libc in newlib picolibc; do
		arm-none-eabi-nm $libc/heap_${libc}_locks.o |
			grep -q ' T __retarget_lock_acquire$' ||
			echo "$libc/heap_${libc}_locks.o has no lock"
		for archive in "$libc"/heap*.a; do
			arm-none-eabi-nm "$archive" | grep -q __retarget_lock &&
				echo "$archive has a lock"
		done
	done
)"

verdict "libheap.so is installed, and serves programs as they are" "$(
	for name in libheap libheap-min libheap-debug; do
		library=$there/lib/heap/host/preload/$name.so
		rm -f "$tmp/at_exit"
		# shellcheck disable=SC2012 # it is ls that is to run
		LD_PRELOAD=$library HEAP_AT_EXIT=$tmp/at_exit ls -lR "$there" \
			>"$tmp/with" 2>&1
		ls -lR "$there" >"$tmp/without" 2>&1
		cmp "$tmp/with" "$tmp/without"
		grep -s '^sound ls ' "$tmp/at_exit" >"$tmp/log" ||
			echo "$name.so did not serve ls"
	done
)"

verdict "an unknown target is refused" "$(
	refused 'there is no TARGETS=cortex-m9; choose among: cortex-m0 ' \
		make install TARGETS=cortex-m9 DESTDIR="$tmp/stage"
)"

verdict "the installed headers need nothing else" "$(
	for header in "$there"/include/heap/*.h; do
		quietly arm-none-eabi-gcc "${cpu[@]}" -std=c11 -ffreestanding -Wall \
			-Werror -x c -fsyntax-only "$header"
	done
)"

verdict "the installed headers are C++11 too" "$(
	for header in "$there"/include/heap/*.h; do
		quietly arm-none-eabi-g++ "${cpu[@]}" -std=c++11 -ffreestanding \
			-Wall -Wextra -Wpedantic -Wshadow -Wold-style-cast -Werror \
			-x c++ -fsyntax-only "$header"
	done
)"

# ---- make and pkg-config ---------------------------------------------------

# Build $1.c with libc $2 and package $3, and run it.
make_firmware()
{
	quietly make -s -C "$tmp/make" -f "$here/firmware.mk" -B \
		PROGRAM="$1" SPECS="$(specs_of "$2")" HEAP="$3"
	runs "$tmp/make/$1.elf"
}

project make
title="make and pkg-config"
if ! lacks pkg-config "$title"; then
	for libc in $variants; do
		package=cortex-m3-${libc/nano/newlib}
		if [ "$libc" = none ]; then
			verdict "$title, $libc: a heap of its own" "$(
				make_firmware native none heap-"$package"
			)"
			continue
		fi
		for heap in heap heap-min heap-debug; do
			verdict "$title, $libc: $heap" "$(
				make_firmware app "$libc" $heap-"$package"
			)"
		done
		verdict "$title, $libc: only libc calls malloc" "$(
			make_firmware printer "$libc" heap-"$package"
			quietly build/tools/heap-check "$tmp/make/printer.elf" \
				"$tmp/make/printer.elf.map"
		)"
	done

	verdict "$title: on this machine" "$(
		# shellcheck disable=SC2046 # words
		quietly gcc -o "$tmp/app" "$here"/app.c \
			$(pkg-config --cflags --libs heap-host)
		"$tmp/app" >"$tmp/log" || [ $? -eq 7 ] || cat "$tmp/log"
		readelf -d "$tmp/app" | grep 'NEEDED.*heap'
	)"

	# picolibc's start files and script, and the region found in it.
	verdict "$title: heap-region, with a script that is not ours" "$(
		# shellcheck disable=SC2046 # words
		quietly arm-none-eabi-gcc "${cpu[@]}" --specs=picolibc.specs \
			--oslib=semihost --crt0=hosted \
			-Wl,--defsym=__flash{=0,_size=0x400000} \
			-Wl,--defsym=__ram{=0x20000000,_size=0x400000} \
			-o "$tmp/vendor.elf" "$here"/app.c $(pkg-config --cflags \
			--libs heap-cortex-m3-picolibc heap-region)
		runs "$tmp/vendor.elf"
	)"
fi

# ---- the archive by its name -----------------------------------------------

# Link printer.c with libc $1 and what follows.
link()
{
	local specs

	specs=$(specs_of "$1")
	shift
	# shellcheck disable=SC2086 # words
	arm-none-eabi-gcc "${cpu[@]}" $specs -I"$there/include/heap" \
		-I"$tmp/make/board" -nostartfiles -L"$tmp/make/board" \
		-T board.ld -o "$tmp/named.elf" "$here"/printer.c \
		"$tmp"/make/board/*.c "$@"
}

verdict "heap.a alone is not: libc's malloc serves" "$(
	quietly link picolibc "$there/lib/heap/cortex-m3/picolibc/heap.a"
	boards/run mps2-an385 "$tmp/named.elf" >"$tmp/log" 2>&1
	status=$?
	[ $status -eq 2 ] || echo "it ends with $status, not with 2"
)"

for libc in $variants; do
	[ "$libc" != none ] || continue
	lib=$there/lib/heap/cortex-m3/${libc/nano/newlib}

	verdict "$libc: -lheap is enough" "$(
		quietly link "$libc" -L"$lib" -lheap
		runs "$tmp/named.elf"
	)"
	# ld must not take another heap.a that lies about.
	verdict "$libc: libheap.a by its path is enough" "$(
		echo rubbish >"$tmp/heap.a"
		(cd "$tmp" && quietly link "$libc" "$lib/libheap.a")
		runs "$tmp/named.elf"
	)"
	verdict "$libc: libc in front of it is refused" "$(
		refused "multiple definition of " \
			link "$libc" -lc -L"$lib" -lheap
	)"
done

# ---- CMake -----------------------------------------------------------------

# Configure project $1 in its folder $2, with what follows.
configure()
{
	local project=$tmp/$1 folder=$tmp/$1/$2

	shift 2
	cmake -S "$project" -B "$folder" --toolchain "$here/toolchain.cmake" \
		-DPROFILE=heap -DHEAP_SOURCE="$top" -DCMAKE_PREFIX_PATH="$there" \
		-DFETCHCONTENT_SOURCE_DIR_HEAP="$top" "$@"
}

# Complain unless CMake builds project $1 with libc $2 and archive $3.
cmake_firmware()
{
	quietly configure "$1" "$2-$3" -DSPECS="$(specs_of "$2")" -DPROFILE="$3"
	quietly cmake --build "$tmp/$1/$2-$3" -j2
	runs "$tmp/$1/$2-$3/app.elf"
	runs "$tmp/$1/$2-$3/printer.elf"
}

if ! lacks cmake "CMake"; then
	for way in find subdirectory fetch; do
		project $way
		cp "$here"/$way.cmake "$tmp/$way/CMakeLists.txt"
		for libc in $variants; do
			[ "$libc" != none ] || continue
			for heap in heap heap-min heap-debug; do
				case $way-$libc-$heap in
				find-nano-heap-*) continue ;;
				find-* | subdirectory-*-heap) ;;
				fetch-picolibc-heap) ;;
				*) continue ;;
				esac
				verdict "CMake, $way, $libc: heap::$heap" "$(
					cmake_firmware $way "$libc" $heap
				)"
			done
		done
	done

	verdict "CMake: an unknown target is refused, known ones are told" "$(
		refused 'there is no HEAP_TARGET=cortex-m9' \
			configure find bad-target -DHEAP_TARGET=cortex-m9
		refused 'to one of: cortex-m3 host' \
			configure find bad-target -DHEAP_TARGET=cortex-m9
		refused 'to one of: host host32 cortex-m0 ' \
			configure subdirectory bad-target -DHEAP_TARGET=cortex-m9
	)"
	verdict "CMake: an unknown libc is refused, known ones are told" "$(
		for way in find subdirectory; do
			refused 'there is no HEAP_LIBC=musl for cortex-m3' \
				configure $way bad-libc -DHEAP_LIBC=musl
			refused 'picolibc' \
				configure $way bad-libc -DHEAP_LIBC=musl
		done
	)"
	verdict "CMake: an older version than wanted is refused" "$(
		sed 's/(heap 0.1/(heap 99.1/' "$here"/find.cmake \
			>"$tmp/find/CMakeLists.txt"
		refused 'version "99.1"' configure find bad-version
	)"
	for libc in picolibc newlib; do
		verdict "CMake: sources of $libc are those of make" "$(
			arm-none-eabi-ar t "$there/lib/heap/cortex-m3/$libc/heap.a" |
				sed 's/\.o$//' | sort >"$tmp/make.members"
			arm-none-eabi-ar t "$tmp/subdirectory/$libc-heap/heap/heap.a" |
				sed 's/\.c\.\(o\|obj\)$//' | sort |
				diff "$tmp/make.members" -
		)"
	done
fi

# ---- Meson -----------------------------------------------------------------

# Complain unless Meson builds project $1 with libc $2 and dependency $3.
meson_firmware()
{
	local specs folder=$tmp/$1/$2

	specs=$(specs_of "$2" | sed "s/.*/'&'/")
	sed -e "s|@SPECS@|$specs|" -e "s|@ROOT@|$4|" \
		"$here"/cross.ini.in >"$folder.ini"
	quietly meson setup --cross-file "$folder.ini" -Dheap="$3" "$folder" \
		"$tmp/$1"
	quietly ninja -C "$folder"
	runs "$folder/app.elf"
	runs "$folder/printer.elf"
}

# The heap's sources as a wrap brings them, from an archive already fetched.
wrap()
{
	local in=$tmp/$1/subprojects sum

	mkdir -p "$in/packagecache" "$in/packagefiles/heap"
	tar czf "$in/packagecache/heap.tar.gz" --transform 's,^,heap/,' \
		heap port linker tools/package
	cp tools/package/meson/meson* "$in/packagefiles/heap"
	sum=$(sha256sum <"$in/packagecache/heap.tar.gz")
	sed "s/^source_hash.*/source_hash = ${sum%% *}/" \
		tools/package/meson/heap.wrap >"$in/heap.wrap"
}

if ! lacks meson "Meson" && ! lacks ninja "Meson"; then
	for way in installed wrap; do
		project $way
		cp "$here"/meson* "$tmp/$way"
	done
	wrap wrap
	for libc in $variants; do
		[ "$libc" != none ] || continue
		package=heap-cortex-m3-${libc/nano/newlib}
		verdict "Meson, installed, $libc" "$(
			lacks pkg-config "" >"$tmp/log" ||
				meson_firmware installed "$libc" "$package" "$there"
		)"
		verdict "Meson, a wrap, $libc" "$(
			meson_firmware wrap "$libc" heap /nowhere
		)"
	done
	verdict "Meson: an unknown target is refused, known ones are told" "$(
		refused 'option heap:target to one of: host host32 cortex-m0 ' \
			meson setup --cross-file "$tmp/wrap/picolibc.ini" \
			-Dheap:target=cortex-m9 "$tmp/wrap/bad" "$tmp/wrap"
	)"
fi

tap_end
