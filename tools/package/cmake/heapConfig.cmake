# SPDX-License-Identifier: MIT
# find_package(heap): heap::heap, heap::heap-min, heap::heap-debug, for the
# target and libc that the compiler's flags say or HEAP_TARGET and HEAP_LIBC.
cmake_policy(PUSH)
cmake_policy(VERSION 3.13)
include("${CMAKE_CURRENT_LIST_DIR}/heapSelect.cmake")

get_filename_component(heap_root "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
file(GLOB heap_known RELATIVE "${heap_root}/lib/heap"
	"${heap_root}/lib/heap/host*" "${heap_root}/lib/heap/cortex-*"
	"${heap_root}/lib/heap/rv*" "${heap_root}/lib/heap/x86_64-*")
heap_select_target(heap_target)
heap_complaint(heap_NOT_FOUND_MESSAGE HEAP_TARGET "${heap_target}"
	"${heap_known}" " in ${heap_root}")

if(NOT heap_NOT_FOUND_MESSAGE)
	if(heap_target MATCHES "^host")
		set(heap_known host)
		set(heap_place "${heap_target}")
	else()
		file(GLOB heap_known RELATIVE "${heap_root}/lib/heap/${heap_target}"
			"${heap_root}/lib/heap/${heap_target}/*")
	endif()
	heap_select_libc("${heap_target}" heap_libc)
	heap_complaint(heap_NOT_FOUND_MESSAGE HEAP_LIBC "${heap_libc}"
		"${heap_known}" " for ${heap_target} in ${heap_root}")
endif()

if(heap_NOT_FOUND_MESSAGE)
	set(heap_FOUND FALSE)
else()
	if(NOT heap_target MATCHES "^host")
		set(heap_place "${heap_target}/${heap_libc}")
	endif()
	foreach(heap_archive heap heap-min heap-debug)
		if(NOT TARGET heap::${heap_archive})
			add_library(heap::${heap_archive} STATIC IMPORTED)
			set_target_properties(heap::${heap_archive} PROPERTIES
				IMPORTED_LOCATION
				"${heap_root}/lib/heap/${heap_place}/${heap_archive}.a"
				INTERFACE_INCLUDE_DIRECTORIES
				"${heap_root}/include/heap")
			heap_anchor(heap::${heap_archive} ${heap_libc})
		endif()
	endforeach()
	heap_add_region("${heap_root}/lib/heap/linker/heap.ld")
	if(NOT heap_FIND_QUIETLY)
		message(STATUS "heap: archives of ${heap_place}")
	endif()
endif()
cmake_policy(POP)
