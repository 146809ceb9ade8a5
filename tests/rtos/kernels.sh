#!/bin/sh
# SPDX-License-Identifier: MIT
# The ports of FreeRTOS and ThreadX with the real kernels, whose sources you
# bring, on the emulated mps2-an385:
#
#	tests/rtos/kernels.sh freertos DIRECTORY-OF-FreeRTOS-Kernel
#	tests/rtos/kernels.sh threadx DIRECTORY-OF-threadx
set -eu

kernel=${1-} dir=${2-}
out=build/rtos
mkdir -p $out
make -s TARGET=cortex-m3 LIBC=picolibc >/dev/null
flags='--specs=picolibc.specs -mcpu=cortex-m3 -mthumb -Os -g -Wall -Wextra
	-fno-builtin -ffunction-sections -Iboards -Iport -Iport/rtos -Iheap
	-Itests/harness -Itests/rtos/kernels -nostartfiles -Llinker
	-T linker/mps2-an385.ld -Wl,--gc-sections'
ours='tests/rtos/kernels/work.c tests/harness/format.c boards/startup.c
	boards/semihost.c boards/console_semihost.c'
heap=build/cortex-m3/picolibc/heap.a

# try WHAT FLAG... SOURCE...
try()
{
	echo "# $kernel: $1"
	shift
	# shellcheck disable=SC2086 # words
	arm-none-eabi-gcc $flags "$@" $ours $heap -o "$out/$kernel"
	QEMU_ICOUNT=6 boards/run mps2-an385 "$out/$kernel"
}

case $kernel in
freertos)
	for memory in KERNEL_HEAP_BYTES=65536 HEAP_FREERTOS_LINKER=1; do
		try $memory -D$memory -I"$dir/include" \
			-I"$dir/portable/GCC/ARM_CM3" \
			tests/rtos/kernels/freertos.c port/rtos/freertos.c \
			"$dir/tasks.c" "$dir/list.c" "$dir/queue.c" \
			"$dir/portable/GCC/ARM_CM3/port.c"
	done
	;;
threadx)
	for mutex in 0 1; do
		try HEAP_THREADX_MUTEX=$mutex -DHEAP_THREADX_MUTEX=$mutex \
			-I"$dir/common/inc" -I"$dir/ports/cortex_m3/gnu/inc" \
			tests/rtos/kernels/threadx.c port/rtos/threadx.c \
			"$dir"/common/src/*.c "$dir"/ports/cortex_m3/gnu/src/*.S
	done
	;;
*)
	sed -n 's/^# \{0,1\}//p' "$0" | sed -n 2,7p >&2
	exit 2
	;;
esac
