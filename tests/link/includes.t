#!/bin/sh
# SPDX-License-Identifier: MIT
# The include graph: who may see whom.
. tests/harness/tap.sh

# "FILE LINE NAME" of every #include in the files given; names as in the text,
# with their <> or "".
includes()
{
	awk '/^[ \t]*#[ \t]*include/ {
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "")
		print FILENAME, FNR, $1
	}' "$@" /dev/null
}

# Pass on the includes that no word of $1 matches, as complaints.
other_than()
{
	awk -v allowed=" $1 " '
		index(allowed, " " $3 " ") == 0 {
			print $1 ":" $2 ": may not include " $3
		}'
}

basic='<limits.h> <stdbool.h> <stddef.h> <stdint.h>'
public='"heap.h" "heap_config.h" "heap_port.h" "heap_pending.h"'

own()
{
	for f; do printf '"%s" ' "$(basename "$f")"; done
}

verdict "heap/ includes four freestanding headers and its own" "$(
	includes heap/*.[ch] |
		other_than "$basic $public $(own heap/*.h)"
)"

# From heap/libc/optional/ the headers of heap/libc/ are one folder up.
above()
{
	for f; do printf '"../%s" ' "$(basename "$f")"; done
}

# On Linux large blocks come straight from that port; the hooks are a layer.
linux='"heap_linux.h"'
libc_own="\"layer.h\" \"word.h\" $(own heap/libc/*.h)"

# malloc and free are made of the engine's inline functions.
front='^heap/libc/\(front.c\|host_front.c\|host_quick.h\) [0-9]* "hot.h"$'

# What renames has to see the names first.
renamed='^heap/libc/heap_rename.h [0-9]* <\(stdlib.h\|string.h\|cstdlib\|cstring\)>$'

verdict "heap/libc/ includes errno.h, malloc.h, public headers, layers, its own" "$(
	includes heap/libc/*.[ch] | grep -v -e "$front" -e "$renamed" | other_than \
		"$basic <errno.h> <malloc.h> $public $linux $libc_own"
	includes heap/libc/optional/*.c | other_than \
		"$basic $public $linux $(above heap/libc/*.h)"
)"

verdict "port/ includes no internals of heap/" "$(
	includes port/*.[ch] | grep '"' | other_than "$public $(own port/*.h)"
)"

verdict "port/ of bare machines includes no libc header" "$(
	includes port/*.[ch] | grep -v '^port/\(shade_\|host\|heap_host\)' |
		other_than "$basic $public $(own port/*.h)"
)"

# The layers: a file sees what is below it.  Headers that are not named here
# stand beside the layers and may see all of them.
# shellcheck disable=SC2016 # awk's $
upward='
	BEGIN {
		split("heap_config.h 0 heap_port.h 0 heap_pending.h 0 word.h 1 chunk.h 2 " \
		      "bins.h 3 bins.c 3 heap.h 4 debug.h 4 heap_observe.h 5 " \
		      "layer.h 6 state.h 7 enter.h 8 grow.c 8 " \
		      "hot.h 8 core.c 8 resize.c 8", words)
		for (i = 1; i in words; i += 2)
			layer[words[i]] = words[i + 1]
	}
	/"/ {
		name = $1
		sub(/.*\//, "", name)
		gsub(/"/, "", $3)
		at = name in layer ? layer[name] : 9
		seen = $3 in layer ? layer[$3] : 9
		if (seen > at || (seen == at && name ~ /h$/ && at < 9))
			print $1 ":" $2 ": may not include \"" $3 \
			      "\": that is not below it"
	}'
verdict "includes in heap/ point downward" "$(
	includes heap/*.[ch] | awk "$upward"
)"

tap_end
