#!/bin/sh
# SPDX-License-Identifier: MIT
# All programs, by `make test-programs`: SET and PROFILE say which and with what.
. tests/programs/run.sh

if [ -n "${ONLY-}" ]; then
	run_cases '' "${PROFILE:-heap}"
else
	run_cases short heap
	run_cases long heap
	run_cases debug heap-debug
fi

tap_end
