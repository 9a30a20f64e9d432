#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: where nothing in the image brings a network up, the agent does: of two links one is dead, on the other DHCP answers; nothing of it is left
# for the system that starts. Without any link that is said at once, and the passphrase prompt is there.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
rig_uki "$WORLD/uki" "$WORLD/boot/initrd" "${RIG_COMMAND_LINE% ip=*}"
operator reference add "$WORLD/uki"
rig_esp "$MACHINE/esp.img" "$WORLD/uki"
echo '-netdev hubport,hubid=1,id=dead -device virtio-net-pci,netdev=dead,romfile=
	-netdev user,id=net -device virtio-net-pci,netdev=net,romfile=' >"$MACHINE/links"
check "the root opens by approval" boots_through
check "over the link on which DHCP answers" says 'approved under policy'
check "no link is left up for the system" said 'links that are up: 0'

echo '-nic none' >"$MACHINE/links"
machine_boot "$MACHINE"
check "without a link that is said" rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'network: there is no Ethernet link'
check "and the passphrase is asked for" rig_wait 20 machine_sees "$MACHINE" 'Passphrase for root'
machine_type "$MACHINE" "$FIXTURE_PASSPHRASE"
check "which opens" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
done_testing "$MACHINE"
