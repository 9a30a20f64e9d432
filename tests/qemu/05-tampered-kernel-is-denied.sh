#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S1): another kernel under the same signature is denied, and the denial names the image in PCR 4 and the section
# in PCR 11.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
cp "$RIG_BUILD/kernel/vmlinuz" "$WORLD/vmlinuz"
echo tampered >>"$WORLD/vmlinuz"
rig_uki "$WORLD/tampered" "$WORLD/boot/initrd" "$RIG_COMMAND_LINE" "$WORLD/vmlinuz"
rig_esp "$MACHINE/esp.img" "$WORLD/tampered"
check "the machine is denied" is_denied
check "the denial names the boot application in PCR 4" names P4 'PCR 4 .*BOOTX64.EFI'
check "the denial names the UKI's section in PCR 11" names P10 'PCR 11 .*\.linux'

rig_esp "$MACHINE/esp.img" "$WORLD/boot/uki"
check "with its own kernel it opens again" boots_through
done_testing "$MACHINE"
