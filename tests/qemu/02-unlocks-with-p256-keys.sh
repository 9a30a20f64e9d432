#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: a TPM whose EK and AK are p256 serves as well.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
check "the root opens by approval" boots_through
check "the first boot sends at most 12 TPM commands" sends_at_most 12
check "the next boot opens, too" boots_through
check "with a known delegation at most 9 TPM commands are sent" sends_at_most 9
done_testing "$MACHINE"
