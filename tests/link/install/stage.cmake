# SPDX-License-Identifier: MIT
# The commands of ESP-IDF and Zephyr that the package uses, as far as needed to
# see that it uses them well; then both of them, with a program each.
cmake_minimum_required(VERSION 3.15)
project(stage C)

function(idf_component_register)
	cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SRCS;INCLUDE_DIRS")
	add_library(idf_part STATIC ${arg_SRCS})
	target_include_directories(idf_part PUBLIC ${arg_INCLUDE_DIRS})
endfunction()
set(COMPONENT_LIB idf_part)
add_subdirectory(package)

set(CONFIG_FREESTANDING_HEAP TRUE)
macro(zephyr_library_named name)
	set(ZEPHYR_CURRENT_LIBRARY ${name})
	add_library(${name} STATIC)
endmacro()
function(zephyr_library_sources)
	target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()
function(zephyr_library_compile_options)
	target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGV})
endfunction()
function(zephyr_include_directories)
	target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PUBLIC
		${CMAKE_CURRENT_SOURCE_DIR}/${ARGV0})
endfunction()
add_subdirectory(package/zephyr)

# All of the library, as Zephyr links it.
add_executable(idf native.c)
target_link_libraries(idf idf_part)
add_executable(zephyr native.c)
target_link_libraries(zephyr -Wl,--whole-archive freestanding_heap
	-Wl,--no-whole-archive)
