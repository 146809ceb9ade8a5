#!/bin/sh
# SPDX-License-Identifier: MIT
# All static checks, for `make lint`; goes on after a complaint, fails at the
# end.  WARNINGS are the compilers' flags.
set -u

failed=

# Say what is checked, run it, remember that it failed.
check()
{
	what=$1
	shift
	echo "lint: $what"
	"$@" || failed="$failed
  $what"
}

for tool in gcc clang clang-format clang-tidy cppcheck shellcheck \
	arm-none-eabi-gcc; do
	command -v $tool >/dev/null || {
		echo "lint: $tool is not installed: try 'make deps-lint'" >&2
		exit 2
	}
done

here='-Iheap -Iport'
engine=$(echo heap/*.c)
libc='heap/libc/malloc.c heap/libc/info.c heap/libc/rename.c heap/libc/hooks.c'
bare_libc='heap/libc/picolibc.c heap/libc/optional/locks.c'
bare_port=$(echo port/region*.c port/banks*.c port/pools.c port/gap.c port/report*.c port/locker.c port/mutex.c port/swap.c port/cortex_m*.c)
kernel_port=$(echo port/region*.c port/banks*.c port/pools.c port/gap.c port/report*.c port/locker.c port/mutex.c port/swap.c port/x86_64*.c)
host_port=$(echo port/region.c port/banks*.c port/pools.c port/gap.c port/report*.c port/locker.c port/mutex.c port/swap.c port/host*.c \
	port/linux*.c)
host_libc=$(echo heap/libc/host*.c heap/libc/optional/preload.c)
harness=$(echo tests/harness/*.c)
worlds='tests/worlds/world.c tests/worlds/model.c tests/worlds/explore.c
	tests/worlds/table.c'
campaign=$(find tests/campaign -name '*.c' ! -name place_board.c)
tools=$(echo tools/*.c)
trace_tools=$(echo tools/trace/*.c)
demo=$(echo tests/demo/*.c)
traced="tests/trace/faulty.c tests/trace/tagged.c tests/trace/traced.c tests/trace/demo/concordance.c"
boards=$(find boards -maxdepth 1 -name '*.c' ! -name riscv.c)
uart='-DBOARD_UART_CMSDK=0x40004000'
harness_flags="-Itests/harness -Iboards -DTAP_WHERE=__FILE__ -DTAP_ARENA=64"
wraps=-bugprone-implicit-widening-of-multiplication-result
# A console that breaks has nobody to be told; map files are read field by field.
prints=-cert-err33-c,-cert-err34-c
# picolibc's streams are objects of the program; the demo makes mistakes on
# purpose; a table of pointers is what is wanted.
demos=$prints,-cert-fio38-c,-misc-non-copyable-objects
demos=$demos,-clang-analyzer-unix.Malloc,-bugprone-sizeof-expression
picolibc=/usr/lib/picolibc/arm-none-eabi/include
thumb="--target=thumbv7m-none-eabi -isystem $picolibc -fshort-enums"
c_files=$(find heap port boards tests tools -name '*.[ch]' \
	-o -name '*.cc' | sort)
scripts=$(find boards tests tools .ci -type f \
	-exec grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell' {} + | sort)

# Words are split on purpose from here on.
# shellcheck disable=SC2086
compile()
{
	compiler=$1
	flags=$2
	shift 2
	status=0
	for file; do
		$compiler $WARNINGS $here -O2 $flags -c -o /dev/null "$file" ||
			status=1
	done
	return $status
}

# shellcheck disable=SC2086
{
	check "the format of C" clang-format --dry-run -Werror $c_files
	check "shell scripts" shellcheck --external-sources --severity=style \
		$scripts

	for level in 0 2 3; do
		for bits in 32 64; do
			for compiler in gcc clang; do
				check "$compiler -m$bits -DHEAP_CHECK=$level" \
					compile $compiler \
					"-m$bits -DHEAP_CHECK=$level -ffreestanding" \
					$engine
			done
		done
		check "clang for Cortex-M3, -DHEAP_CHECK=$level" \
			compile clang \
			"$thumb -DHEAP_CHECK=$level -ffreestanding" $engine
	done
	check "clang: heap/libc and port for the host" \
		compile clang "" $libc $host_libc $host_port
	check "clang: the same for 32 bits" \
		compile clang "-m32" $libc $host_libc $host_port
	check "clang: heap/libc and port for Cortex-M3" \
		compile clang "$thumb" $libc $bare_libc $bare_port
	check "clang: boards/ and the demos" \
		compile clang "$thumb -Iboards -Itests/trace $uart" $boards \
		$demo $traced
	check "clang: tools/" compile clang "-D_GNU_SOURCE -Itools" $tools \
		$trace_tools
	check "clang: port for x86-64 kernels" \
		compile clang "-ffreestanding -mcmodel=kernel -fno-pic \
			-mno-red-zone -mgeneral-regs-only" $kernel_port
	check "clang: the test harness" \
		compile clang "$harness_flags" $harness

	for bits in 32 64; do
		check "clang -m$bits: the campaign" compile clang \
			"-m$bits -D_GNU_SOURCE $harness_flags" $campaign
	done
	check "clang: small worlds" compile clang "-Itests/worlds" $worlds
	check "clang -m32: small worlds, arithmetic" compile clang \
		"-m32 -Itests/worlds" $worlds tests/worlds/arithmetic*.c
	check "clang: the campaign on a board" compile clang \
		"$thumb $harness_flags" tests/campaign/place_board.c

	for bits in 32 64; do
		for level in 0 2 3; do
			check "gcc's analyzer, -m$bits -DHEAP_CHECK=$level" \
				compile gcc "-m$bits -DHEAP_CHECK=$level \
					-fanalyzer -ffreestanding" $engine
		done
	done
	check "gcc's analyzer: heap/libc and port for the host" \
		compile gcc "-fanalyzer -ffreestanding" $libc $host_libc \
		$host_port
	check "gcc's analyzer: heap/libc and port for Cortex-M3" \
		compile arm-none-eabi-gcc "-mthumb -mcpu=cortex-m3 -fanalyzer \
			-ffreestanding --specs=picolibc.specs" $libc \
		$bare_libc $bare_port
	check "gcc's analyzer: heap/libc with newlib" \
		compile arm-none-eabi-gcc "-mthumb -mcpu=cortex-m3 -fanalyzer \
			-ffreestanding" $libc heap/libc/newlib.c
	check "gcc's analyzer: port for RISC-V" \
		compile riscv64-unknown-elf-gcc "-march=rv32imac -mabi=ilp32 \
			-fanalyzer -ffreestanding" port/riscv*.c
	check "gcc's analyzer: port for x86-64 kernels" \
		compile gcc "-fanalyzer -ffreestanding -mno-red-zone \
			-mgeneral-regs-only" $kernel_port
	check "MISRA C:2012, or a reason" tests/lint/misra.sh
	check "clang-tidy: heap/" \
		clang-tidy --quiet $engine -- -std=c11 $here -ffreestanding
	check "clang-tidy: heap/libc and port/ on the host" \
		clang-tidy --quiet $libc $host_libc $host_port -- \
		-std=c11 $here
	# Test patterns may well wrap around.
	check "clang-tidy: the test harness" clang-tidy --quiet --checks=$wraps \
		$harness -- -std=c11 $here $harness_flags
	check "clang-tidy: the campaign" clang-tidy --quiet --checks=$wraps \
		$campaign -- -std=c11 -D_GNU_SOURCE $here $harness_flags
	check "clang-tidy: heap/libc and port/ on Cortex-M" \
		clang-tidy --quiet $bare_libc $bare_port -- \
		-std=c11 $here $thumb
	check "clang-tidy: boards/ and the demos" \
		clang-tidy --quiet --checks=$demos \
		$boards $demo $traced -- -std=c11 $here -Iboards \
		-Itests/trace $uart $thumb
	check "clang-tidy: tools/" clang-tidy --quiet --checks=$prints \
		$tools -- -std=c11 -D_GNU_SOURCE
	check "clang-tidy: tools/trace/" clang-tidy --quiet --checks=$prints \
		$trace_tools -- -std=c11 -D_GNU_SOURCE -Itools -Iheap
	check "clang-tidy: port/ of x86-64 kernels" \
		clang-tidy --quiet $kernel_port -- -std=c11 $here -ffreestanding
	# The linker's symbols are not objects; the demo frees twice on purpose.
	check "cppcheck" cppcheck --quiet --std=c11 --inline-suppr \
		--suppress=comparePointers:boards/startup.h \
		--suppress=doubleFree:tests/demo/wordcount.c \
		--enable=warning,performance,portability --error-exitcode=1 \
		$here -Iboards $uart heap port $boards tools tests/demo
}

if [ -n "$failed" ]; then
	echo "lint: these complained:$failed" >&2
	exit 1
fi
echo "lint: nothing to complain about"
