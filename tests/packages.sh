#!/bin/sh
# SPDX-License-Identifier: MIT
# Install Debian packages, those that are missing: packages.sh NAME...
# Needs root or sudo; on a system without apt-get it lists them and stops.
set -eu

if ! command -v apt-get >/dev/null; then
	echo "This system has no apt-get; install what corresponds to Debian's:"
	printf '  %s\n' "$@"
	exit 0
fi

missing=
for name; do
	dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null |
		grep -qx installed || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	if ! command -v sudo >/dev/null; then
		echo "Run this as root, for there is no sudo here:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
# shellcheck disable=SC2086 # one word a package
$sudo apt-get install -q -y --no-install-recommends $missing
