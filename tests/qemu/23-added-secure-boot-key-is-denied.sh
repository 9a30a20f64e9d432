#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S2): under a policy that rules Secure Boot's keys, the same image is denied once the firmware trusts one more
# key, and the denial names db.

. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/variables.sh"
fixture p256
verifier_start "$VERIFIER"
variables_policy
check "the operator lets the policy rule the keys" operator policy apply "$WORLD/ruled.conf"
check "the root opens once the machine's own keys are listed" opens_once_learned

variables_key other
variables_list_certificate "$WORLD/other.pem"
variables_append db
check "the firmware takes one more key" variables_write db
check "the machine is denied" is_denied
check "the denial names db" names P6 'the variable db '
check "it tells of the boot that changed it, and of nothing else" names_only A21 P6
done_testing "$MACHINE"
