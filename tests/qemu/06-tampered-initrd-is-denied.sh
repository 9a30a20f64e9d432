#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S1): another initrd in an image with the same signature is denied, and the denial names it in PCR 9.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
cp "$WORLD/boot/initrd" "$WORLD/initrd"
(cd "$RIG_WORK" && mkdir etc && echo tampered >etc/tampered && echo etc/tampered | cpio --quiet -o -H newc) >>"$WORLD/initrd"
rig_uki "$WORLD/tampered" "$WORLD/initrd" "$RIG_COMMAND_LINE"
rig_esp "$MACHINE/esp.img" "$WORLD/tampered"
check "the machine is denied" is_denied
check "the denial names the initrd in PCR 9" names P8 'PCR 9 '
check "the denial names the UKI's section in PCR 11" names P10 'PCR 11 .*\.initrd'
done_testing "$MACHINE"
