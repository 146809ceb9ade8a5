#!/bin/sh
# SPDX-License-Identifier: MIT
# A program with libheap.so under GDB, which keeps its own malloc, as the page
# tells: the program's is ours, and a fault stops where its caller can be seen.
. tests/harness/tap.sh

at=build/tests/programs/gdb
mkdir -p $at
wrapper="set exec-wrapper env LD_PRELOAD=$PWD/build/host/libheap.so"

if ! command -v gdb >/dev/null; then
	verdict "gdb is there" "gdb is not installed: try 'make deps-all'"
	tap_end
fi

verdict "the program's malloc is libheap.so's" "$(
	timeout 100 gdb -nx -batch -ex "$wrapper" -ex 'break exit' -ex run \
		-ex 'info symbol malloc' --args ls heap >$at/said 2>&1
	grep -q '^malloc in section .*libheap\.so' $at/said || cat $at/said
)"

cat >$at/twice.c <<'END'
#include <stdlib.h>

int main(void)
{
	char *p = malloc(100), *volatile q = p;

	free(p);
	free(q); /* again */
	return 0;
}
END
verdict "a double free stops with the line of its caller" "$(
	gcc -g -O0 -w -o $at/twice $at/twice.c
	timeout 100 gdb -nx -batch -ex "$wrapper" -ex run -ex bt \
		$at/twice >$at/said 2>&1
	line=$(grep -n '/\* again \*/' $at/twice.c | cut -d: -f1)
	for text in 'heap: fault: double free' SIGABRT \
		"in main () .*twice\.c:$line"; do
		grep -q "$text" $at/said || {
			echo "not said: $text"
			cat $at/said
		}
	done
)"

tap_end
