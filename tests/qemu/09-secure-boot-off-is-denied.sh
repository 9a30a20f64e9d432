#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S2): the same image with Secure Boot off is denied by name of that.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
cp "$RIG_OVMF/OVMF_VARS_4M.fd" "$MACHINE/vars.fd"
check "the machine is denied" is_denied
check "the denial names Secure Boot" names P5 'Secure Boot'
done_testing "$MACHINE"
