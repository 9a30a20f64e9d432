#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S7): in the place of the root, a disk of the attacker's with its UUID: with our token, and without.  Its passphrase opens it, and
# its system gets nothing: no honest volume stays open beside it, no verifier approves, the TPM does not answer.  Beside the honest disk, that one boots.

. "$(dirname "$0")/fixture.sh"
# shellcheck source=tests/qemu/disks.sh
. "$RIG/disks.sh"
fixture p384 2
verifier_start "$VERIFIER"
mv "$MACHINE/root.img" "$WORLD/honest.img"
token_of "$WORLD/honest.img" "$WORLD/token"
rogue_system "$WORLD/system"
rogue_volume "$WORLD/with-token.img" "$FIXTURE_ROOT_UUID" "$WORLD/system" "$WORLD/token"
rogue_volume "$WORLD/without.img" "$FIXTURE_ROOT_UUID" "$WORLD/system"
rogue_job "$(secret_index "$WORLD/token")" >"$MACHINE/said/job"

gains_nothing() {
	tr -d '\r' <"$MACHINE/verdict" | sed -n '/^root is/,$s/^/# it says: /p' | tr -cd '\n -~'
	check "nothing honest is open beside it" nothing_honest_is_open
	check "only its own mapping is there" job_says '^mapped: control root $'
	check "the door is closed" job_says '^PCR 13 is .*[1-9A-F]'
	check "what it asks for is denied" job_says 'DENIED'
	check "nothing is approved" not job_says 'approved under|opened as'
	check "the denial names the door" job_says 'A[0-9]+: the door is closed'
	check "its own disk is not enrolled" job_says '^luks-enroll: exit 4'
	check "the TPM gives the secret to no authorisation" not job_says 'index read as .*: status 0'
	check "which it was asked for" job_says 'index read as .*: status [1-9][0-9]*, 0 bytes; tpm:'
}
not() {
	! "$@"
}

echo "# with our token"
ln "$WORLD/with-token.img" "$MACHINE/root.img"
machine_boot "$MACHINE"
check "the machine is approved" rig_wait "$RIG_BOOT_LIMIT" says 'approved under policy'
check "the honest volume is opened by it" rig_wait 60 says "opened as luks-$FIXTURE_DATA_UUID by approval"
check "the disk does not open, and what to do is said" rig_wait 10 says 'vdb: its LUKS2 header is not the one that was enrolled.*luks-enroll.*remove it'
machine_type "$MACHINE" "$ROGUE_PASSPHRASE"
check "its passphrase opens it" machine_wait "$MACHINE" 'root is rogue'
check "the honest volume is closed before" says "vdc: closed again"
machine_end "$MACHINE"
gains_nothing
check "an operator is asked, and told that the passphrase came after the approval" job_says 'A[0-9]+: PCR 13 shows 2 events.*bootgatectl hold approve'

echo "# without a token, and the verifier comes late"
ln -f "$WORLD/without.img" "$MACHINE/root.img"
verifier_stop "$VERIFIER"
machine_boot "$MACHINE"
check "the prompt is there" rig_wait "$RIG_BOOT_LIMIT" says 'Passphrase for root'
machine_type "$MACHINE" "$ROGUE_PASSPHRASE"
check "its passphrase opens it" rig_wait 60 says 'opened as root by passphrase'
check "its system starts" machine_wait "$MACHINE" 'root is rogue'
verifier_start "$VERIFIER"
machine_end "$MACHINE"
gains_nothing
check "and the passphrase" job_says 'the door is closed.*passphrase'

echo "# beside the honest disk, which has the same UUID and comes later"
rm "$MACHINE/said/job"
mv "$WORLD/honest.img" "$MACHINE/extra.img"
ln -f "$WORLD/with-token.img" "$MACHINE/root.img"
check "the honest disk opens" boots_through
check "it is the root" said 'root is root'
check "by approval" says 'vdd: opened as root by approval'
check "the other disk is named" says 'vdb: its LUKS2 header is not the one that was enrolled'
done_testing "$MACHINE"
