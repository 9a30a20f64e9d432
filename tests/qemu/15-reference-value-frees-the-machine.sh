#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: a machine that was denied goes on by itself when the operator adds what it booted to the list; and taking that
# away bites at the next boot (S19).

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
rig_uki "$WORLD/updated" "$WORLD/boot/initrd" "$RIG_COMMAND_LINE loglevel=5"
rig_esp "$MACHINE/esp.img" "$WORLD/updated"
machine_boot "$MACHINE"
check "the machine is denied" rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'DENIED'
check "the operator adds the image" operator reference add "$WORLD/updated"
check "the root opens without a reboot" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"

check "the operator removes the image" operator reference remove "$WORLD/updated"
check "the next boot of it is denied" is_denied
check "the denial names the boot application" names P4 'PCR 4 '
done_testing "$MACHINE"
