# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# TAP for tests that are shell scripts: . tests/harness/tap.sh
# verdict SENTENCE COMPLAINTS: passes when there are none, else shows them.
# End with tap_end.

LC_ALL=C
export LC_ALL

tap_number=0
tap_failed=0

verdict()
{
	tap_number=$((tap_number + 1))
	if [ -z "$2" ]; then
		echo "ok $tap_number - $1"
		return
	fi
	tap_failed=1
	echo "not ok $tap_number - $1"
	{
		echo
		echo "$0: not so: $1"
		echo "$2" | sed 's/^/  /'
	} >&2
}

tap_end()
{
	echo "1..$tap_number"
	exit "$tap_failed"
}
