#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetch Debian source packages and unpack them: fetch.sh FOLDER NAME...
# They come from where this machine's own packages do.  apt's settings and
# lists stay as they are; all is kept in FOLDER, and what is there is kept.
set -eu

folder=$1
shift
mkdir -p "$folder/lists/partial" "$folder/sources.d"
cd "$folder"

missing=
for name; do
	[ -e "$name/.unpacked" ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

for tool in apt-get dpkg-source; do
	command -v $tool >/dev/null || {
		echo "$tool is not there: the workloads need Debian," \
			"and 'make deps-all'" >&2
		exit 1
	}
done

# The machine's own lists, but for source packages.
rm -f sources.d/*
for list in /etc/apt/sources.list.d/*.sources; do
	[ ! -e "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" \
		>"sources.d/${list##*/}"
done
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
	[ ! -e "$list" ] || sed -n 's/^deb[[:space:]]/deb-src /p' "$list" \
		>"sources.d/${list##*/}"
done

set -- -q -o "Dir::Etc::sourcelist=/dev/null" \
	-o "Dir::Etc::sourceparts=$PWD/sources.d" \
	-o "Dir::State::lists=$PWD/lists" -o "APT::Sandbox::User=$(id -un)"
apt-get "$@" update
# shellcheck disable=SC2086 # one word a package
apt-get "$@" --download-only source $missing
for name in $missing; do
	rm -rf "$name"
	dpkg-source --no-check -x "$name"_*.dsc "$name"
	touch "$name/.unpacked"
done
