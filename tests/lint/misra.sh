#!/bin/sh
# SPDX-License-Identifier: MIT
# What runs on bare machines, against MISRA C:2012 as far as cppcheck's addon
# knows it.  A report is an error unless misra.txt gives the reason why that rule
# is not followed there; so is a line of misra.txt that no report bears out.
set -eu

deviations=tests/lint/misra.txt
out=build/lint
mkdir -p $out

# shellcheck disable=SC2046 # one word a file
cppcheck --quiet --std=c11 --addon=misra --template='{file} {line} {id}' \
	-Iheap -Iport heap/*.c heap/libc/malloc.c heap/libc/info.c \
	heap/libc/newlib.c heap/libc/picolibc.c heap/libc/optional/locks.c \
	$(echo port/*.c | tr ' ' '\n' | grep -v 'port/host\|port/linux') \
	>$out/misra.log 2>&1

awk -v DEVIATIONS=$deviations '
	# A pattern of a file, with * for anything, against a name.
	function fits(pattern, name,    p) {
		p = pattern
		gsub(/\./, "\\.", p)
		gsub(/\*/, ".*", p)
		return name ~ ("^" p "$")
	}

	FILENAME == DEVIATIONS {
		if (/^(#|$)/)
			next
		if (NF < 3) {
			printf "%s:%d: a rule, files, and a reason, please\n",
				FILENAME, FNR
			wrong = 1
		}
		n++
		rule[n] = $1
		files[n] = $2
		line[n] = FNR
		next
	}

	NF == 3 && sub(/^misra-c2012-/, "", $3) {
		reports++
		found = 0
		for (i = 1; i <= n; i++)
			if (rule[i] == $3 && fits(files[i], $1))
				used[i] = found = 1
		if (!found) {
			printf "%s:%d: MISRA C:2012 rule %s: follow it, or " \
				"give the reason in %s\n", $1, $2, $3,
				DEVIATIONS
			wrong = 1
		}
		next
	}

	{ print; wrong = 1 }

	END {
		for (i = 1; i <= n; i++)
			if (!used[i]) {
				printf "%s:%d: no report bears out rule %s in " \
					"%s: take the line out\n", DEVIATIONS,
					line[i], rule[i], files[i]
				wrong = 1
			}
		if (reports == 0) {
			print "cppcheck told nothing: is its addon misra there?"
			wrong = 1
		}
		if (!wrong)
			printf "%d reports, all by the %d deviations of %s\n",
				reports, n, DEVIATIONS
		exit wrong
	}' $deviations $out/misra.log
