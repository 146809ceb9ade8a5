#!/bin/bash
# SPDX-License-Identifier: MIT
# The files of port/rtos compile against small declarations of ours, and FreeRTOS's
# functions do what heap_4 and heap_5 do, on the host.  The real kernels are
# kernels.sh's.
# shellcheck source=tests/harness/tap.sh
. tests/harness/tap.sh

out=build/rtos
mkdir -p $out
strict=(-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-align
	-Werror -Iheap -Iport -Iport/rtos -Itests/rtos/include)
arm=(arm-none-eabi-gcc --specs=picolibc.specs -mthumb -Os "${strict[@]}")

# file [FLAG...]: for three processors.
file()
{
	local cpu name=$1

	shift
	for cpu in cortex-m0 cortex-m3 cortex-m33; do
		"${arm[@]}" -mcpu=$cpu "$@" -c -o $out/object.o \
			"port/rtos/$name.c" 2>&1
	done
}

verdict "freertos.c compiles for heap_4's memory" \
	"$(file freertos -DconfigTOTAL_HEAP_SIZE=4096 \
		-DconfigHEAP_CLEAR_MEMORY_ON_FREE=1)"
verdict "freertos.c compiles for memory that the program allocates" \
	"$(file freertos -DconfigTOTAL_HEAP_SIZE=4096 \
		-DconfigAPPLICATION_ALLOCATED_HEAP=1)"
verdict "freertos.c compiles for heap_5's regions" "$(file freertos)"
verdict "freertos.c compiles for the linker's region" \
	"$(file freertos -DHEAP_FREERTOS_LINKER=1 \
		-DconfigUSE_MALLOC_FAILED_HOOK=0)"
verdict "threadx.c compiles with a mask" "$(file threadx)"
verdict "threadx.c compiles with a mutex" \
	"$(file threadx -DHEAP_THREADX_MUTEX=1)"
verdict "zephyr.c compiles" "$(file zephyr)"
verdict "cmsis_rtos2.c compiles" "$(file cmsis_rtos2)"

# plays FLAG...
plays()
{
	gcc -g -fno-builtin "${strict[@]}" "$@" -o $out/freertos \
		tests/rtos/freertos.c port/rtos/freertos.c build/host/heap.a 2>&1 &&
		$out/freertos | grep -v '^ok'
}

verdict "FreeRTOS's functions over ucHeap" \
	"$(plays -DconfigTOTAL_HEAP_SIZE=8192)"
verdict "FreeRTOS's functions, memory cleared when freed" \
	"$(plays -DconfigTOTAL_HEAP_SIZE=8192 \
		-DconfigHEAP_CLEAR_MEMORY_ON_FREE=1)"
verdict "FreeRTOS's functions over two regions" "$(plays)"
verdict "FreeRTOS's functions over two regions, the higher first" \
	"$(plays -DTEST_REVERSED)"

tap_end
