#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S28): the search of test_oracle, a hundred times as long: whatever a client sends, nothing else is signed.
cd "$(dirname "$0")/../.." || exit 1
CMOCKA_MESSAGE_OUTPUT=TAP exec build/test/test_oracle 100
