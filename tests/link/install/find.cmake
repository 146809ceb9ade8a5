# SPDX-License-Identifier: MIT
# A user's CMakeLists.txt, with the heap installed.
cmake_minimum_required(VERSION 3.15)
project(firmware C)
find_package(heap 0.1 REQUIRED)

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
