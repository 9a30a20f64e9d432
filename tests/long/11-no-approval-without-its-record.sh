#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/verifier/08 for longer: two minutes of processes killed, five hundred power cuts.  (S25)
cd "$(dirname "$0")/../.." || exit 1
KILL_SECONDS=120 POWER_CUTS=500 exec tests/verifier/08-no-approval-without-its-record.sh
