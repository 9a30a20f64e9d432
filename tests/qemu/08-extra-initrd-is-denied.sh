#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S1, S3): what systemd-stub takes from beside the image and hands the kernel as one more initrd is denied.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
echo "a credential of somebody else's" >"$WORLD/extra.cred"
rig_esp "$MACHINE/esp.img" "$WORLD/boot/uki" "$WORLD/extra.cred" EFI/BOOT/BOOTX64.EFI.extra.d/extra.cred
check "the machine is denied" is_denied
check "the denial names PCR 12" names P2 'PCR 12 must be unused'
check "the denial names the initrd that the kernel got" names 'P[89]' 'PCR 9 '
done_testing "$MACHINE"
