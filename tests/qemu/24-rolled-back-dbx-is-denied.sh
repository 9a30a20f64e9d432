#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S2): under a policy that rules Secure Boot's keys, a machine whose dbx is put back to what it was before an
# update is denied, and the denial names dbx.

. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/variables.sh"
fixture p256
verifier_start "$VERIFIER"
cp "$MACHINE/vars.fd" "$WORLD/vars-before.fd"
echo "an image that was found to be bad" | variables_list_digest
variables_append dbx
check "the firmware takes an update of dbx" variables_write dbx
variables_policy
check "the operator lets the policy rule the keys" operator policy apply "$WORLD/ruled.conf"
check "the root opens once the machine's own keys are listed" opens_once_learned

cp "$WORLD/vars-before.fd" "$MACHINE/vars.fd"
check "the machine is denied with the variables from before" is_denied
check "the denial names dbx" names P6 'the variable dbx '
check "it has no other reason" names_only P6
done_testing "$MACHINE"
