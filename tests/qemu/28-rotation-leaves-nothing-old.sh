#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S18, S29): `bootgatectl machine rotate` takes a machine to a new epoch, with the power going in both of its boots; afterwards what
# was saved before, the disk, the verifier's keys, delegation and database, opens nothing together with the machine's TPM.

. "$(dirname "$0")/fixture.sh"
fixture p256
cp -a --sparse=always "$MACHINE/root.img" "$WORLD/old-root.img"
cp -a "$VERIFIER" "$WORLD/old"
verifier_start "$VERIFIER"
id=$(ctl "$VERIFIER" machine list | grep -oE '[0-9a-f]{16}' | head -n 1)

# cut_at PATTERN: the power goes when the console shows that.
cut_at() {
	machine_boot "$MACHINE"
	cut_status=0
	rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" "$1" || cut_status=1
	machine_cut "$MACHINE"
	return $cut_status
}
record() {
	ctl "$VERIFIER" machine show "$id" | grep -qE "$1"
}

"$CTL" authority delegate "$WORLD/authority" "$VERIFIER/state" --name 10.0.2.2 --epoch 2 >>"$VERIFIER/log" 2>&1
kill -HUP "$(cat "$VERIFIER/pid")"
check "the machine is ordered to rotate" rig_wait 5 operator machine rotate "$id" --epoch 2
check "the power goes in boot 1, while the new secret is made" cut_at 'rotation to epoch 2: a new secret is made'
check "boot 1 opens" boots_through
check "and adds a seal for the new epoch" says 'sealed for epoch 2'
check "the power goes in boot 2, when the new secret has opened the volume" cut_at 'opened as root by approval'
check "boot 2 opens" boots_through
check "boot 3 opens" boots_through
check "the machine is on the new epoch" record '^NV index .*epoch 2;'
check "and the rotation has come to its end" eval '! record "^rotation"'
check "the older secret is out of the TPM" eval '! sends NV_UndefineSpace'

# The thief has the machine, the old disk, and all that the verifier had.
verifier_stop "$VERIFIER"
cp -a --sparse=always "$MACHINE/root.img" "$WORLD/new-root.img"
cp -a --sparse=always "$WORLD/old-root.img" "$MACHINE/root.img"
verifier_start "$WORLD/old"
check "the old disk with the old verifier opens nothing" does_not_open 'the machine.s secret at TPM handle .*: not found'
check "though that one approves" says 'approved under policy'
verifier_stop "$WORLD/old"
verifier_start "$VERIFIER"
check "the old disk is denied by the verifier, for its epoch" is_denied
check "which is said" names A26 'left for epoch 2'
cp -a --sparse=always "$WORLD/new-root.img" "$MACHINE/root.img"
check "with its own disk the machine opens again" boots_through
check "at most 9 TPM commands are sent" sends_at_most 9
done_testing "$MACHINE"
