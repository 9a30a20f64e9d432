#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/verifier/07 for longer and by more: four thousand connections at a time, a minute of each kind.  (S16)
cd "$(dirname "$0")/../.." || exit 1
ATTACK_SECONDS=60 ATTACK_CONNECTIONS=4000 exec tests/verifier/07-serves-under-attack.sh
