# SPDX-License-Identifier: MIT
# A user's CMakeLists.txt, that fetches the heap; in the test it is told
# where it already is.
cmake_minimum_required(VERSION 3.18)
project(firmware C)
include(FetchContent)
FetchContent_Declare(heap URL no://where SOURCE_SUBDIR tools/package/cmake)
FetchContent_MakeAvailable(heap)

file(GLOB board board/*.c)
foreach(program app printer)
	add_executable(${program}.elf ${program}.c ${board})
	target_include_directories(${program}.elf PRIVATE board)
	target_compile_options(${program}.elf PRIVATE
		-Os -ffunction-sections -fdata-sections)
	target_link_options(${program}.elf PRIVATE
		-nostartfiles -L${CMAKE_SOURCE_DIR}/board -T board.ld
		-Wl,--gc-sections)
	target_link_libraries(${program}.elf PRIVATE heap::${PROFILE})
endforeach()
