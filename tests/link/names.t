#!/bin/sh
# SPDX-License-Identifier: MIT
# What the archives define and what they leave to others, by nm.  ARCHIVES are
# those to look at, build/TARGET[/LIBC]/NAME.a.
. tests/harness/tap.sh

mkdir -p build/tests
defined=build/tests/names.defined
wanted=build/tests/names.wanted
needs=build/tests/names.needs
all_needs=build/tests/names.all

libc_of()
{
	case $1 in
	build/host*) echo host ;;
	build/*/*/*) basename "$(dirname "$1")" ;;
	*) echo picolibc ;;
	esac
}

# Names that are not heap_*, against libc_names.txt for libc $1 and archive $2.
odd_definitions()
{
	awk -v libc="$1" -v but=" !$2 " '!/^#/ && index($0 " ", but) == 0 {
		for (i = 2; i <= NF; i++)
			if ($i == libc)
				print $1
	}' tests/link/libc_names.txt | sort >"$wanted"
	uniq -d "$defined" | sed 's/$/ is defined twice/'
	sort -u "$defined" | grep -v '^heap_' | comm -23 - "$wanted" |
		sed 's/$/ is defined, but not in tests\/link\/libc_names.txt/'
	sort -u "$defined" | comm -13 - "$wanted" |
		sed 's/$/ is in tests\/link\/libc_names.txt, but not defined/'
}

# Names that archive $1 needs, against undefined.txt for target $2 and libc $3.
odd_needs()
{
	nm -g --undefined-only "$1" | awk 'NF == 2 { print $2 }' |
		sort -u | comm -23 - "$defined" |
		tee "$needs" |
		awk -v target="$2" -v libc="$3" '
			FNR == NR {
				for (i = 2; i <= NF && !/^#/; i++)
					may[$1, $i] = 1
				next
			}
			!(($1, target) in may) && !(($1, libc) in may) &&
			!(($1, "*") in may) {
				print $1 " is needed, but tests/link/" \
				      "undefined.txt does not allow it there"
			}' tests/link/undefined.txt -
}

# Words of undefined.txt that no archive bears out.
stale_allowances()
{
	awk 'FNR == NR {
			needed[$1, $2] = needed[$1, $3] = needed[$1, "*"] = 1
			next
		}
		/^[^#]/ {
			for (i = 2; i <= NF; i++)
				if (!(($1, $i) in needed))
					print $1 " is allowed for " $i \
					      ", but not needed there"
		}' "$all_needs" tests/link/undefined.txt
}

: >"$all_needs"
for archive in $ARCHIVES; do
	libc=$(libc_of "$archive")
	target=$(echo "$archive" | cut -d/ -f2)

	# The compiler's own, once in every object of 32-bit x86: hidden.
	nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' |
		grep -v '^__x86\.get_pc_thunk\.' | sort >"$defined"
	verdict "$archive defines heap_* and libc's listed names" \
		"$(odd_definitions "$libc" "$(basename "$archive" .a)")"
	verdict "$archive needs only what undefined.txt allows" \
		"$(odd_needs "$archive" "$target" "$libc")"
	sed "s/\$/ $target $libc/" "$needs" >>"$all_needs"
done
verdict "undefined.txt allows nothing that no archive needs" \
	"$(stale_allowances)"

tap_end
