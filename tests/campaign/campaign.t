#!/bin/sh
# SPDX-License-Identifier: MIT
# A small campaign, for `make test`; the whole one is `make campaign`.
exec "${0%/*}/run" -s
