#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S1): another command line in an image with the same signature is denied; one that a policy forbids by its words
# is denied even when somebody put its image on the list.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
rig_uki "$WORLD/tampered" "$WORLD/boot/initrd" "$RIG_COMMAND_LINE init=/bin/sh"
rig_esp "$MACHINE/esp.img" "$WORLD/tampered"
check "the machine is denied" is_denied
check "the denial names the image's section in PCR 11" names P11 'PCR 11 .*\.cmdline.* is not in list cmdline'
check "the denial names what the kernel got in PCR 9" names P11 'PCR 9 .*command line.* is not in list cmdline'

operator reference add "$WORLD/tampered"
check "the machine is denied with the image on the list" is_denied
check "the denial names the word" names P11 'has the word "init="'
done_testing "$MACHINE"
