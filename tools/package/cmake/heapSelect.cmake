# SPDX-License-Identifier: MIT
# Which target and libc a build is for.

# All words that the compiler gets in this folder, as a list.
function(heap_words out)
	get_directory_property(options COMPILE_OPTIONS)
	separate_arguments(words UNIX_COMMAND "${CMAKE_C_FLAGS}")
	foreach(word IN LISTS options)
		if(NOT word MATCHES "^\\$<")
			list(APPEND words "${word}")
		endif()
	endforeach()
	set(${out} "${words}" PARENT_SCOPE)
endfunction()

# The target: HEAP_TARGET, or from -mcpu, or from a RISC-V's -march if it has
# all that the archives use, or from CMAKE_SYSTEM_PROCESSOR; empty if none of
# them says.
function(heap_select_target out)
	heap_words(words)
	string(REGEX MATCHALL "-mcpu=[a-z0-9-]+" cpus "${words}")
	string(REGEX MATCHALL "-march=rv[a-z0-9_]+" riscvs "${words}")
	string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
	set(target "")
	if(HEAP_TARGET)
		set(target "${HEAP_TARGET}")
	elseif(cpus)
		list(GET cpus -1 target)
		string(REPLACE "-mcpu=" "" target "${target}")
	elseif(riscvs)
		list(GET riscvs -1 riscvs)
		if(riscvs MATCHES "=rv(32|64)(g|imaf?d?)c")
			set(target "rv${CMAKE_MATCH_1}imac")
		endif()
	elseif(CMAKE_SYSTEM_NAME STREQUAL "Generic" AND
			processor MATCHES "^(x86_64|amd64)$")
		set(target x86_64-kernel)
	elseif(processor MATCHES "^cortex-m[0-9a-z]+")
		set(target "${CMAKE_MATCH_0}")
	elseif(NOT CMAKE_CROSSCOMPILING AND processor MATCHES "^(x86_64|amd64)$")
		set(target host)
		if(CMAKE_SIZEOF_VOID_P EQUAL 4)
			set(target host32)
		endif()
	endif()
	set(${out} "${target}" PARENT_SCOPE)
endfunction()

# The libc of a target: HEAP_LIBC, or what the headers of the compiler are;
# empty if they are nobody's.
function(heap_select_libc target out)
	set(libc "")
	if(HEAP_LIBC)
		set(libc "${HEAP_LIBC}")
	elseif(target MATCHES "^host")
		set(libc host)
	elseif(target MATCHES "^x86_64-")
		set(libc none)
	else()
		heap_words(words)
		if(CMAKE_C_COMPILER_TARGET)
			list(PREPEND words "--target=${CMAKE_C_COMPILER_TARGET}")
		endif()
		set(probe "${CMAKE_CURRENT_BINARY_DIR}/heap_libc.c")
		file(WRITE "${probe}" "#include <stdlib.h>\n")
		execute_process(
			COMMAND "${CMAKE_C_COMPILER}" ${words} -E -dM "${probe}"
			OUTPUT_VARIABLE macros ERROR_QUIET)
		if(macros MATCHES "#define __PICOLIBC__ ")
			set(libc picolibc)
		elseif(macros MATCHES "#define _NEWLIB_VERSION ")
			set(libc newlib)
		endif()
	endif()
	set(${out} "${libc}" PARENT_SCOPE)
endfunction()

# Empty if VALUE is one of the list KNOWN, else what to say and do.
function(heap_complaint out variable value known where)
	set(text "")
	if(NOT value IN_LIST known)
		list(JOIN known " " names)
		if(value STREQUAL "")
			set(text "heap: neither the compiler's flags nor the toolchain file say what ${variable} is${where}. Set it: -D${variable}=VALUE, with one of: ${names}")
		else()
			set(text "heap: there is no ${variable}=${value}${where}. Set -D${variable}=VALUE to one of: ${names}")
		endif()
	endif()
	set(${out} "${text}" PARENT_SCOPE)
endfunction()

# What makes naming an archive enough: see tools/package/README.md.
function(heap_anchor library libc)
	if(NOT libc STREQUAL "none")
		set_property(TARGET ${library} APPEND PROPERTY
			INTERFACE_LINK_OPTIONS LINKER:--undefined=heap_libc_malloc)
	endif()
endfunction()

# heap::region: for programs whose linker script knows nothing of a heap.
function(heap_add_region script)
	if(NOT TARGET heap::region)
		add_library(heap::region INTERFACE IMPORTED GLOBAL)
		set_property(TARGET heap::region PROPERTY
			INTERFACE_LINK_LIBRARIES "${script}")
	endif()
endfunction()
