#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S2): under a policy that rules Secure Boot's keys, the same image is denied when the firmware trusts somebody
# else's keys only and he signed it; the denial names each variable, and the key that vouched.

. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/variables.sh"
fixture p256
verifier_start "$VERIFIER"
check "the root opens while the keys are ignored" boots_through
variables_policy
check "that boot's log gives the reference values" variables_learn
check "the operator lets the policy rule the keys" operator policy apply "$WORLD/ruled.conf"

# From the firmware's setup mode, which knows no keys.
cp "$RIG_OVMF/OVMF_VARS_4M.fd" "$MACHINE/vars.fd"
variables_key other
variables_list_certificate "$WORLD/other.pem"
for variable in db KEK PK; do
	variables_set $variable other
done
check "the firmware takes somebody else's keys" variables_write db KEK PK
# The signature is no part of what is measured in PCR 4.
sbsign --key "$WORLD/other.key" --cert "$WORLD/other.pem" --output "$WORLD/signed" "$WORLD/boot/uki" 2>/dev/null
rig_esp "$MACHINE/esp.img" "$WORLD/signed"
check "the machine is denied" is_denied
for variable in PK KEK db dbx; do
	check "the denial names $variable" names P6 "the variable $variable "
done
check "it names the key that vouched for the image" names P7 'db vouched by an entry'
check "it tells of the boot that changed them, and of nothing else" names_only A21 P6 P7
done_testing "$MACHINE"
