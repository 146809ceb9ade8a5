#!/bin/bash
# SPDX-License-Identifier: MIT
# Links real programs with each libc in the ways that people do, and proves
# that there is one heap and it is ours, by heap-check and by running them; or
# that a wrong link is refused, or caught by heap-check.  proofs/cases.txt is
# the table.
#
# PROOFS=text tries only the cases that have the text in their names.  What a
# case leaves is in build/proofs/cases/.
# shellcheck disable=SC2317,SC2086 # called by name; words
. tests/harness/tap.sh
set -f

here=tests/link/proofs
out=build/proofs
jobs=${PROOFS_JOBS:-$(nproc)}
flags='-mthumb -mcpu=cortex-m3 -Os -ffunction-sections -fdata-sections
	-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-align -Werror
	-fno-builtin -Iheap -Iport -Iboards -Itests/link/proofs'

# ---- what differs between the libcs and the scripts ------------------------

archive_of()
{
	echo "build/cortex-m3/${1/nano/newlib}/heap.a"
}

# The compiler for source $2 with libc $1.
compiler()
{
	case $1-$2 in
	picolibc-*.cc) echo g++ -std=c++17 --specs=picolibcpp.specs ;;
	nano-*.cc) echo g++ -std=c++17 --specs=nano.specs -fno-exceptions ;;
	*.cc) echo g++ -std=c++17 ;;
	picolibc-*) echo gcc -std=gnu11 --specs=picolibc.specs ;;
	nano-*) echo gcc -std=gnu11 --specs=nano.specs ;;
	*) echo gcc -std=gnu11 ;;
	esac
}

# How a link with libc $1, script $2 and LTO $3 begins.  "default" is a link
# without any script, with the libc's own start files.
frame()
{
	local objects=$out/$1

	[ "$3" != whole ] || objects=$objects/whole

	case $2-$1 in
	ours-*) echo -nostartfiles -Llinker -T linker/mps2-an385.ld \
		"$objects"/{startup,stdio,console_semihost,semihost}.o ;;
	default-picolibc) echo --crt0=hosted --oslib=semihost \
		-Wl,--defsym=__flash{=0,_size=0x80000} \
		-Wl,--defsym=__ram{=0x20000000,_size=0x20000} ;;
	default-*) echo --specs=rdimon.specs "$objects/vectors.o" \
		-Wl,-u,vectors -Wl,--section-start=.vectors=0 ;;
	*-picolibc) echo --oslib=semihost -nostartfiles -L$here \
		-T "$here/$2.ld" "$objects/vendor.o" ;;
	*) echo --specs=rdimon.specs -nostartfiles -L$here \
		-T "$here/$2.ld" "$objects/vendor.o" ;;
	esac
}

# The words of a case's link line, for libc $1.
line_words()
{
	local libc=$1 word

	shift
	for word; do
		case $word in
		heap.a) archive_of "$libc" ;;
		wrong.a)
			case $libc in
			picolibc) archive_of newlib ;;
			*) archive_of picolibc ;;
			esac ;;
		none.a) echo build/cortex-m3/none/heap.a ;;
		-lheap) echo -L$out/"$libc" -lheap ;;
		heap.ld) echo linker/heap.ld ;;
		*.o | port.a) echo $out/"$libc/$word" ;;
		-u) echo -Wl,-u,malloc ;;
		-r) echo -Wl,--require-defined=heap_libc_malloc ;;
		*=*) echo -Wl,--defsym="$word" ;;
		*) echo "$word" ;;
		esac
	done
}

# ---- compiling -------------------------------------------------------------

# Run a command beside this one, once less than $jobs are.
beside()
{
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
	done
	"$@" &
}

# compile LIBC OBJECT SOURCE [FLAG...]
compile()
{
	local libc=$1 object=$2 source=$3

	shift 3
	# shellcheck disable=SC2046 # words
	arm-none-eabi-$(compiler "$libc" "$source") $flags "$@" \
		-c -o "$object" "$source" || echo "$source" >>$out/broken
}

# The object of PROGRAM[+MACRO], libc and lto, from the folder's only source of
# that name.
compile_program()
{
	local program=$1 libc=$2 lto=$3
	local source=$here/${program%%+*}.c
	local object=$out/$libc/programs/$program$lto.o
	local macro=${program#"${program%%+*}"}

	[ -f "$source" ] || source=${source}c
	[ -e "$object" ] && return
	: >"$object"
	beside compile "$libc" "$object" "$source" ${macro:+-D${macro#+}} \
		${lto:+-flto}
}

compile_support()
{
	local libc source object

	for libc in newlib nano picolibc; do
		mkdir -p $out/$libc/programs
		mkdir -p $out/$libc/whole
		for source in boards/{startup,stdio,console_semihost,semihost}.c; do
			object=$(basename "${source%.c}").o
			beside compile $libc $out/$libc/whole/"$object" \
				"$source" -flto
		done
		for source in boards/{startup,stdio,console_semihost,semihost}.c \
			$here/{witness,vectors,vendor,port}.c; do
			object=$(basename "${source%.c}").o
			beside compile $libc $out/$libc/"$object" "$source"
		done
		cp "$(archive_of $libc)" $out/$libc/libheap_code.a
		echo "EXTERN(heap_libc_malloc) INPUT(libheap_code.a)" \
			>$out/$libc/libheap.a
	done
}

# ---- a case ----------------------------------------------------------------

# Complain unless file $1 has every text of $2, which " // " separates.
lacks()
{
	local file=$1 rest="$2 // " text

	while [ -n "$rest" ]; do
		text=${rest%% // *}
		rest=${rest#* // }
		[ -z "$text" ] || grep -qiF -e "$text" "$file" || {
			echo "nothing says \"$text\":"
			cat "$file"
		}
	done
}

# One case, its complaints on stdout: NAME EXPECTED PROGRAM LIBC SCRIPT LTO LINE
try()
{
	local name=$1 expected=$2 program=$3 libc=$4 script=$5 lto=$6
	local base=$out/cases/$name status
	local source=c

	[ -f "$here/${program%%+*}.c" ] || source=cc
	# shellcheck disable=SC2046 # words
	set -- arm-none-eabi-$(compiler "$libc" "x.$source") $flags ${lto:+-flto} \
		$(frame "$libc" "$script" "$lto") $out/$libc/programs/$program$lto.o \
		$out/$libc/witness.o $(line_words "$libc" $7) -Wl,--gc-sections
	if ! "$@" -Wl,-Map="$base.map" -o "$base.elf" \
		>"$base.log" 2>&1; then
		case $expected in
		refused*) lacks "$base.log" "${expected#refused }" ;;
		stopped*) ;;
		*) echo "the link fails: $*"; cat "$base.log" ;;
		esac
		return
	fi
	build/tools/heap-check "$base.elf" "$base.map" >"$base.log" 2>&1
	status=$?
	case $expected-$status in
	refused*) echo "the link succeeds: $*"; cat "$base.log" ;;
	caught*-1 | stopped*-1) lacks "$base.log" "${expected#* }" ;;
	idle-0) prove_idle "$base"; prove_by_running "$base" 0 ;;
	ours*-0) prove_by_running "$base" "${expected#ours }" ;;
	*) echo "heap-check ends with $status: $*"
		cat "$base.log" ;;
	esac
}

# Whose program does not allocate has the anchor's byte, and nothing behind it.
prove_idle()
{
	lacks "$1.log" "nothing in the program allocates"
	arm-none-eabi-nm "$1.elf" | awk '
		/ heap_/ && !/ heap_l(d_.*|ibc_malloc)$/ {
			print $3 " is in a program that does not allocate"
		}
		/ heap_libc_malloc$/ { anchored = 1 }
		END { if (!anchored) print "heap_libc_malloc is not there" }'
}

# $2 is the status that it shall end with; "ours" stands for 0.
prove_by_running()
{
	local status

	boards/run -t 20 mps2-an385 "$1.elf" >"$1.run" 2>&1
	status=$?
	if [ $status -ne "${2/ours/0}" ] || grep -q 'not so' "$1.run"; then
		echo "$1.elf ends with status $status:"
		cat "$1.run"
	fi
}

each()
{
	echo "${1//,/ }"
}

# Call $1 with every case: NAME EXPECTED PROGRAM LIBC SCRIPT LTO LINE
for_cases()
{
	local do=$1 program libcs scripts ltos rest libc script lto name

	while read -r program libcs scripts ltos rest; do
		case $program in
		'' | '#'*) continue ;;
		esac
		for libc in $(each "${libcs/all/newlib,nano,picolibc}"); do
			for script in $(each "$scripts"); do
				for lto in $(each "$ltos"); do
					lto=${lto#-}
					name="$program,$libc,$script${lto:+,$lto}"
					name="$name: ${rest%% |*}"
					case $name in
					*"${PROOFS-}"*) ;;
					*) continue ;;
					esac
					$do "$name" "${rest#*| }" "$program" \
						"$libc" "$script" "$lto" \
						"${rest%%|*}"
				done
			done
		done
	done <$here/cases.txt
}

compile_case()
{
	compile_program "$3" "$4" "$6"
}

file_name()
{
	echo "$1" | tr -c 'a-zA-Z0-9_.+=\n-' _
}

try_case()
{
	local name

	name=$(file_name "$1")
	shift
	beside try_into "$name" "$@"
}

try_into()
{
	try "$@" >$out/cases/"$1".complaints 2>&1
}

tell_case()
{
	verdict "$1: ${2%% //*}" "$(
		cat $out/cases/"$(file_name "$1")".complaints
	)"
}

rm -rf $out
mkdir -p $out/cases
compile_support
for_cases compile_case
wait
for libc in newlib nano picolibc; do
	ar crD $out/$libc/port.a $out/$libc/port.o
done
verdict "the programs compile" "$(cat $out/broken 2>/dev/null)"
for_cases try_case
wait
for_cases tell_case
tap_end
