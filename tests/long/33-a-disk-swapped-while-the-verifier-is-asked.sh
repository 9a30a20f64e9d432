#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S27): while the verifier is asked, the root disk is unplugged and one of the attacker's is plugged in under its number, with its UUID and our
# token.  The approval opens nothing of it, nor does a passphrase; it is said that the disk was swapped.

. "$(dirname "$0")/../qemu/fixture.sh"
# shellcheck source=tests/qemu/disks.sh
. "$RIG/disks.sh"
fixture p384 2
token_of "$MACHINE/root.img" "$WORLD/token"
rogue_system "$WORLD/system"
rogue_volume "$MACHINE/extra.img" "$FIXTURE_ROOT_UUID" "$WORLD/system" "$WORLD/token"
# The rogue disk is unplugged from the start.
cat >"$MACHINE/said/meanwhile" <<'EOF'
drivers=/sys/bus/virtio/drivers/virtio_blk
honest=$(busybox basename "$(busybox readlink -f /sys/block/vdb/device)")
rogue=$(busybox basename "$(busybox readlink -f /sys/block/vdd/device)")
echo "$rogue" >$drivers/unbind
# The agent is there, and soon has read the disks.
until [ -d /run/bootgate ]; do
	sleep 1
done
sleep 20
echo "$honest" >$drivers/unbind
echo "$rogue" >$drivers/bind
[ ! -e /dev/vdb ] || echo swapped
EOF
not() {
	! "$@"
}
machine_boot "$MACHINE"
check "the disks are swapped" machine_wait "$MACHINE" swapped
verifier_start "$VERIFIER"
check "the machine is approved" rig_wait "$RIG_BOOT_LIMIT" says 'approved under policy'
check "the disk is not opened, and it is said why and what to do" rig_wait 60 says 'vdb: not opened as root: it is not what was checked: the disk was swapped.*restart'
machine_type "$MACHINE" "$ROGUE_PASSPHRASE"
check "nor by its passphrase" rig_wait 60 says 'this passphrase opens none of the volumes'
check "nothing is open" not says ': opened as root'
check "nothing was handed over" not said 'step hand-over|unlocked: .*'
machine_cut "$MACHINE"
done_testing "$MACHINE"
