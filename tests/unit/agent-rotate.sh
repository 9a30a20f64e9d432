#!/bin/sh
# SPDX-License-Identifier: ISC
# A machine is rotated to new epochs (S18, S29): agent, verifier and software TPM, two volumes; cut off on the way, with a volume missing,
# with the owner's authorisation set, and with what an attacker or a cut may leave on the disks.  Prints TAP.
# tests/long/35-rotation-cut-anywhere.sh cuts at each command and each write.
# shellcheck disable=SC2154,SC2317,SC2094
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
if [ -z "${AGENT_SPACE:-}" ]; then
	if ! unshare -mnpf true 2>/dev/null; then
		echo "1..0 # SKIP no name spaces here"
		exit 0
	fi
	AGENT_SPACE=own exec unshare -mnpf --mount-proc --kill-child "$0" "$@"
fi
# shellcheck source=tests/unit/agent/rotate.sh
. "$top/tests/unit/agent/rotate.sh"

rotating_world
rotating_boot 0 none 0
ok "without an order both volumes open" opens_well
ok "after 9 commands, and 2 about the banks" test "$(wc -l <tap.log)" = 11

# --- the way

stop_verifier
cp -a state stolen
keep old
verifier_from state
order 2
rotating_boot 0 none 0
ok "boot 1 of a rotation opens both" opens_well
ok "it makes a second index" test "$(indices)" = 2
ok "and a second seal for each volume" both_have "1 2"
cp disk.img disk.half
rotating_boot 0 none 0
ok "boot 2 opens both" opens_well
ok "by the new secret, and deletes the old one" says 'the secret before it was deleted'
ok "one index is left, and one seal for each volume" sh -c "[ $(indices) = 1 ]"
ok "the new ones" both_have 2
rotating_boot 0 none 0
ok "boot 3 opens both" opens_well
ok "and the verifier has seen it" is_there
rotating_boot 0 none 0
ok "from then on a boot is 9 commands again" test "$(wc -l <tap.log)" = 11

# --- what was stolen before, or put back: the verifier's keys, delegation and database, the disks

keep new
put_back old
opens_nothing "the old disks" 'A26: .*left for epoch 2'
verifier_with stolen
opens_nothing "the old disks with all that the verifier had" 'approved under policy'
ok "for there is nothing any more that it opens" says 'TPM: .*no such handle|TPM handle .*not found'
put_back new
opens_nothing "the disks as they are with all that the verifier had" 'DENIED'
cp -a state mixed
cp stolen/bootgate.db* mixed
verifier_with mixed
opens_nothing "the verifier's old database, and the disks as they are" 'DENIED'
put_back old
opens_nothing "the verifier's old database, and the old disks"
put_back new
verifier_with state
rotating_boot 0 none 0
ok "as all is now, both open" opens_well

# --- waiting

order 3
rotating_boot 0 none 0
take_out
rotating_boot 0 none 0
ok "boot 2 with a volume missing opens the other" says "$loop: opened as one by approval"
ok "it says which one is waited for" says 'rotation to epoch 3 waits for volume two'
ok "and takes nothing away" sh -c "[ $(indices) = 2 ] && [ '$(seals "$loop")' = '2 3' ]"
put_in
ok "with the volume there, it ends" gets_there 2

# --- one token is from before the second seal: both open by the old secret, and the rotation begins anew

to_boot again
ok "one volume lacks the second seal" sh -c "[ '$(seals "$loop") $(seals "$second")' = '3 4 3' ]"
rotating_boot 0 none 0
ok "both open, by the old secret" opens_well
ok "both have a second seal then" both_have "3 4"
ok "and the rotation ends" gets_there 2

# --- what may be on the disks, or not in the TPM, on the way

to_boot 2
tpm2_nvundefine -Q -C o "$(tpm2_getcap handles-nv-index | grep -oi '0x18b47[0-9a-f]*' | grep -v "$old_index")"
rotating_boot 0 none 0
ok "the new index is gone: both open by the old one" opens_well
ok "and the rotation ends" gets_there 2

to_boot again
rotating_boot 0 none 0
put_back first
ok "second seals for a secret that was made anew since" both_have "5 6"
rotating_boot 0 none 0
ok "it is asked once more, for the old one" says 'does not open every volume; the earlier one is asked for'
ok "both open" opens_well
ok "and the rotation ends" gets_there 2

to_boot 2
keep half
rotating_boot 0 none 0
put_back half
rotating_boot 0 none 0
ok "seals of the old secret that come back when it is deleted: both open by the new one" opens_well
ok "and the rotation ends" gets_there 1

# --- the owner's authorisation

order $((epoch + 1))
tpm2_changeauth -Q -c owner own
rotating_boot 0 none 0
ok "with the owner's authorisation set the boot opens both" opens_well
ok "it is said once, with what to do" test "$(grep -c "the TPM's owner authorisation is set" said)" = 1
ok "nothing is made" sh -c "[ $(indices) = 1 ]"
tpm2_changeauth -Q -c owner -p own
rotating_boot 0 none 0
tpm2_changeauth -Q -c owner own
rotating_boot 0 none 0
ok "set between the boots, boot 2 opens both" opens_well
ok "and says it" says "the TPM's owner authorisation is set"
ok "old index and old seals stay" both_have "7 8"
tpm2_changeauth -Q -c owner -p own
ok "without it the rotation ends" gets_there 2

# --- cuts: tests/long/ has all

cut_command 1 NV_DefineSpace
cut_command 1 NV_WriteLock
cut_command 2 NV_UndefineSpace
cut_write 1 1 1
cut_write 1 2 3
cut_write 2 3 4

# --- the running host after it

configure "$PORT"
agent luks-enroll --passphrase-file passphrase "$second"
ok "the machine's note is of epoch 1, but a volume is enrolled" ends 0
ok "for the epoch that it is on" test "$(seals "$second")" = "$epoch"
ok "and the note is right again" grep -q "^epoch = $epoch\$" /var/lib/bootgate/machine
name_both
rotating_boot 0 none 0
ok "it opens" opens_well

rotation_ended
