#!/bin/sh
# SPDX-License-Identifier: MIT
# Is every test that CORNERS.md names there?
here=${0%/*}
tests=$(grep -rhoE '^TEST\(\w+' "$here/.." --include='*_test.c' |
	sed 's/TEST(//')
echo 1..1
missing=
# shellcheck disable=SC2016 # these are backquotes
for name in $(grep '^|' "$here/CORNERS.md" | grep -oE '`[a-z][A-Za-z0-9_]{9,}`' |
	tr -d '`'); do
	case "
$tests
" in
	*"
$name
"*) ;;
	*) missing="$missing $name" ;;
	esac
done
if [ -z "$missing" ]; then
	echo "ok 1 - every test that CORNERS.md names is there"
else
	echo "not ok 1 - every test that CORNERS.md names is there"
	for name in $missing; do
		echo "# CORNERS.md names $name, which no suite has" >&2
	done
	exit 1
fi
