#!/bin/bash
# SPDX-License-Identifier: MIT
# The fenced blocks of all pages, taken out of the pages as they stand: built as
# a user would, and run under QEMU, where programs end with 7.  The list at the
# end says what tries each block; a block that is not in it fails, so that no
# page shows what nobody has tried.  README.md's C, commands and outputs are
# tests/readme/readme.t's.
#
# The programs have newlib's own start files and linker script, which has no
# end of RAM: only what the pages say brings the heap into them.
# shellcheck source=tests/harness/tap.sh disable=SC2317 # called by name
. tests/harness/tap.sh

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR PREFIX TARGET TARGETS
unset LIBC CFLAGS CPPFLAGS LDFLAGS PKG_CONFIG_PATH

top=$PWD
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
install=$top/tests/link/install
cc=(arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -fno-builtin -Iheap
	-Iport)
strict=(-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-align
	-Werror)
# shellcheck disable=SC2054 # commas of the linker's
bare=(--specs=rdimon.specs "$tmp/vectors.o" -Wl,-u,vectors
	-Wl,--section-start=.vectors=0)
end=-Wl,--defsym=__heap_end=0x70000
start=-Wl,--defsym=__heap_start=end

quietly()
{
	"$@" >"$tmp/log" 2>&1 || {
		echo "failed: $*"
		cat "$tmp/log"
	}
}

runs()
{
	local status

	boards/run -t 20 mps2-an385 "$1" >"$tmp/log" 2>&1
	status=$?
	[ "$status" -eq 7 ] || {
		echo "$1 ends with $status:"
		cat "$tmp/log"
	}
}

# ---- CMake, Meson ----------------------------------------------------------

# A project $1 whose executable "app" a snippet adds to.
cmake_project()
{
	mkdir -p "$tmp/$1"
	cp "$install/app.c" tests/link/proofs/vectors.c "$tmp/$1"
	cat >"$tmp/$1/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.15)
project(firmware C)
add_executable(app app.c vectors.c)
target_link_options(app PRIVATE -Wl,-u,vectors
	-Wl,--section-start=.vectors=0 $end)
END
}

cmake_runs()
{
	quietly cmake -S "$tmp/$1" -B "$tmp/$1/build" --toolchain \
		"$install/toolchain.cmake" -DSPECS=--specs=rdimon.specs \
		-DCMAKE_PREFIX_PATH="$tmp/there"
	quietly cmake --build "$tmp/$1/build"
	runs "$tmp/$1/build/app"
}

# Block $1 finds the heap installed and links it.
cmake_installed()
{
	local project

	project=installed-$(basename "$1")
	cmake_project "$project"
	cat "$1" >>"$tmp/$project/CMakeLists.txt"
	cmake_runs "$project"
}

link_heap='target_link_libraries(app heap::heap heap::region)'

# Block $1 brings the sources, which lie where it says.
cmake_subdirectory()
{
	local folder

	folder=$(sed -n 's,^add_subdirectory(\(.*\)/tools/.*,\1,p' "$1")
	cmake_project sources
	mkdir -p "$tmp/sources/$folder"
	cp -r heap port linker tools "$tmp/sources/$folder"
	{ cat "$1"; echo "$link_heap"; } >>"$tmp/sources/CMakeLists.txt"
	cmake_runs sources
}

# Block $1 fetches them, from an archive where it leaves out the address.
cmake_fetch()
{
	tar czf "$tmp/heap.tar.gz" --transform 's,^,heap-0.1/,' \
		heap port linker tools/package
	cmake_project fetch
	{
		sed "s|URL \.\.\.|URL $tmp/heap.tar.gz|" "$1"
		echo "$link_heap"
	} >>"$tmp/fetch/CMakeLists.txt"
	cmake_runs fetch
}

# Block $1 is a Meson executable.  Its script defines the region.
meson_installed()
{
	local words

	words=$(printf "'%s', " "${bare[@]}" "$start" "$end")
	mkdir -p "$tmp/meson"
	cp "$install/app.c" "$tmp/meson"
	sed -e "/^c_args/s|@SPECS@|'--specs=rdimon.specs'|" \
		-e "/^c_link_args/s|@SPECS@|${words%, }|" \
		-e "s|@ROOT@|$tmp/there|" "$install/cross.ini.in" \
		>"$tmp/cross.ini"
	{ echo "project('firmware', 'c')"; cat "$1"; } >"$tmp/meson/meson.build"
	quietly meson setup --cross-file "$tmp/cross.ini" "$tmp/meson/build" \
		"$tmp/meson"
	quietly ninja -C "$tmp/meson/build"
	runs "$tmp/meson/build/app"
}

# ---- C ---------------------------------------------------------------------

# Program of block $1 and the main in $2, with the archive of libc $3.
program()
{
	cp "$1" "$tmp/block.c"
	shift
	quietly "${cc[@]}" "${strict[@]}" -c -o "$tmp/block.o" "$tmp/block.c"
	quietly "${cc[@]}" "${bare[@]}" "$start" "$end" -Wl,-Map="$tmp/app.map" \
		-o "$tmp/app.elf" "$tmp/block.o" "tests/link/pages/$1" \
		"build/cortex-m3/$2/heap.a"
	runs "$tmp/app.elf"
}

# MIGRATION.md has commands too, by which the program can be checked.
migration()
{
	program "$1" use_pvport.c newlib
	sed -n '/^## Check it/,/^## From/s/^    //p' port/MIGRATION.md |
		sed "s|\<app\.|$tmp/app.|g" >"$tmp/check"
	quietly sh -e "$tmp/check"
	grep -q '^ok: .* has one heap, and it is ours' "$tmp/log" ||
		echo "MIGRATION.md's commands do not say ok"
}

port_example()
{
	{ echo "void uart_put(char c);"; cat "$1"; } >"$tmp/port.c"
	program "$tmp/port.c" use_port.c newlib
	# The line that the page shows, but for the addresses.
	sed -n 's/^    \(heap: fault: double free\)/\1/p' port/README.md \
		>"$tmp/shown"
	sed -n '/^heap: fault: /p' "$tmp/log" >"$tmp/printed"
	diff <(sed 's/0x[0-9a-f]*/0x/g' "$tmp/shown") \
		<(sed 's/0x[0-9a-f]*/0x/g' "$tmp/printed")
}

# Block $1 has banks in the data RAM; the main in $2 uses them.
banks_example()
{
	# shellcheck disable=SC2054 # commas of the linker's
	local bare=("${bare[@]}" -Wl,--defsym=__ccm_start=0x20000000
		-Wl,--defsym=__ccm_end=0x20004000
		-Wl,--defsym=__sram2_start=0x20010000
		-Wl,--defsym=__sram2_end=0x20020000)

	program "$1" "$2" newlib
}

# Block $1 says what is left between heap and stack.
gap_example()
{
	# shellcheck disable=SC2054 # commas of the linker's
	local bare=("${bare[@]}" -Wl,--defsym=__stack_limit=0x3fe000
		-Wl,--defsym=__stack=0x3ff000)

	program "$1" use_gap.c newlib
	grep -q '^heap: gap: [0-9]* bytes, [0-9]* of the heap and' "$tmp/log" ||
		echo "it does not say how large the gap is"
}

compiles()
{
	cp "$1" "$tmp/compiled.c"
	quietly "${cc[@]}" "${strict[@]}" -c -o "$tmp/compiled.o" \
		"$tmp/compiled.c"
}

# Declarations and a statement: the body of a function.
statements()
{
	{
		echo "void body(void);"
		echo "void body(void) {"
		cat "$1"
		echo "}"
	} >"$tmp/body.c"
	quietly "${cc[@]}" "${strict[@]}" --specs=picolibc.specs -c \
		-o "$tmp/body.o" "$tmp/body.c"
}

# A file of a program with an RTOS, whose declarations are tests/rtos's.
rtos_example()
{
	cp "$1" "$tmp/rtos.c"
	quietly "${cc[@]}" "${strict[@]}" -Wno-unused-function -Iport/rtos \
		-Itests/rtos/include --specs=picolibc.specs -c \
		-o "$tmp/rtos.o" "$tmp/rtos.c"
}

# ---- all blocks ------------------------------------------------------------

# Page, language and number among those of that language: what tries it.
tried_by()
{
	case $* in
	"README.md c "* | "README.md sh "* | "README.md text "*) echo readme.t ;;
	"README.md cmake 1") echo cmake_installed ;;
	"README.md meson 1") echo meson_installed ;;
	"tools/package/README.md cmake 1") echo cmake_installed ;;
	"tools/package/README.md cmake 2") echo cmake_subdirectory ;;
	"tools/package/README.md cmake 3") echo cmake_fetch ;;
	"tools/package/PACKAGE.md c 1") echo program use_example.c none ;;
	"port/MIGRATION.md c 1") echo migration ;;
	"port/README.md c 1") echo port_example ;;
	"port/README.md c 2") echo banks_example use_banks.c ;;
	"port/README.md c 3") echo banks_example use_pools.c ;;
	"port/README.md c 4") echo gap_example ;;
	"port/README.md c 5") echo compiles ;;
	"heap/libc/README.md c 1") echo statements ;;
	port/rtos/*.md\ c\ 1) echo rtos_example ;;
	*) echo nothing ;;
	esac
}

nothing()
{
	echo "nothing tries this block: name what does in $0"
}

# The tool that $1 needs and that is missing.
missing()
{
	local tool tools

	case $1 in
	cmake_*) tools=cmake ;;
	meson_*) tools='meson ninja pkg-config' ;;
	esac
	for tool in $tools; do
		command -v "$tool" >/dev/null || echo "$tool"
	done
}

# Files BLOCK from all pages, and a list of them: BLOCK LINE PAGE LANGUAGE NUMBER
# Drawings have no language.
# shellcheck disable=SC2016 # awk's
take_blocks()
{
	find . -name '*.md' ! -path './build/*' | sed 's,^\./,,' | sort |
		xargs awk -v to="$tmp" 'FNR == 1 { open = 0; split("", n) }
		/^```/ && open { open = 0; next }
		/^```/ {
			open = 1
			language = substr($0, 4)
			file = to "/block" ++blocks
			printf "" >file
			if (language != "")
				print file, FNR, FILENAME, language, ++n[language]
			next
		}
		open { print >file }'
}

verdict "make install succeeds" "$(
	quietly make -s install TARGETS=cortex-m3 LIBC=newlib PREFIX="$tmp/there"
)"
"${cc[@]}" -c -o "$tmp/vectors.o" tests/link/proofs/vectors.c
export PKG_CONFIG_LIBDIR=$tmp/there/lib/pkgconfig

take_blocks >"$tmp/blocks"
while read -r block line page language number; do
	by=$(tried_by "$page" "$language" "$number")
	lack=$(missing "$by")
	if [ "$by" = readme.t ]; then
		continue
	elif [ -n "$lack" ]; then
		verdict "$page:$line, $language # SKIP $lack is not installed" ""
	else
		# shellcheck disable=SC2086 # words
		verdict "$page:$line, $language" "$(set -- $by
			"$1" "$block" "${@:2}" </dev/null)"
	fi
done <"$tmp/blocks"

tap_end
