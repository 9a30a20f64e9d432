#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S3): forged event logs, each byte and each event of real ones: none is believed (tests/unit/test_log_search.c).
set -eu
cd "$(dirname "$0")/../.."
LOG_SEARCH=all CMOCKA_MESSAGE_OUTPUT=TAP exec build/long/test_log_search
