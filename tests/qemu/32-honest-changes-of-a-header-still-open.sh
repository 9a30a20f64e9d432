#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S27, S7): what docs/luks-token.md lets be done to a volume was done to these, several rows at a time, and they open; what it does not
# let be done is said, with the next step, and the passphrase opens.  Nothing resumes from a hibernation image in swap.

. "$(dirname "$0")/fixture.sh"
# shellcheck source=tests/qemu/disks.sh
. "$RIG/disks.sh"
fixture p384 2
verifier_start "$VERIFIER"
root=$MACHINE/root.img data=$MACHINE/data.img
printf %s "$FIXTURE_PASSPHRASE" >"$WORLD/first"
printf other >"$WORLD/other"
cp --sparse=always "$root" "$WORLD/root.honest"
token_of "$root" "$WORLD/token"
slot=$(token_slot "$WORLD/token")
light='--pbkdf argon2id --pbkdf-memory 32 --pbkdf-parallel 1 --pbkdf-force-iterations 4'
changes() {
	cryptsetup "$@" || rig_die "cryptsetup $*"
}

# The root: keys, label, priorities, tokens, backup and restore, flags; then the first copy is damaged.
# shellcheck disable=SC2086
{
	changes luksAddKey -q $light --key-file "$WORLD/first" "$root" "$WORLD/other"
	changes luksAddKey -q $ROGUE_FAST --key-slot 5 --key-file "$WORLD/first" "$root" "$WORLD/other"
	changes luksAddKey -q $ROGUE_FAST --unbound --key-size 256 --key-slot 6 --key-file "$WORLD/first" "$root" "$WORLD/other"
	changes luksKillSlot -q "$root" 5
	changes luksChangeKey -q $ROGUE_FAST --key-slot 0 --key-file "$WORLD/first" "$root" "$WORLD/first"
	changes config --label new --subsystem newer "$root"
	changes config --priority prefer --key-slot "$slot" "$root"
	changes token add --key-description words --token-id 7 "$root"
	changes luksHeaderBackup -q --header-backup-file "$WORLD/backup" "$root"
	changes luksErase -q "$root"
	changes luksHeaderRestore -q --header-backup-file "$WORLD/backup" "$root"
}
"$RIG/forge" "$root" both 's/"config":\{/"config":{"flags":["allow-discards","no-read-workqueue"],/'
dd if=/dev/zero of="$root" bs=4096 count=1 conv=notrunc status=none

# The data: converted to Argon2, on a larger disk; then the power fails between the two copies of a change.
# shellcheck disable=SC2086
changes luksConvertKey -q $light --key-slot 0 --key-file "$WORLD/first" "$data"
truncate -s +8M "$data"
cp --sparse=always "$data" "$WORLD/before"
changes config --label new "$data"
dd if="$WORLD/before" of="$data" bs=16384 skip=1 seek=1 count=1 conv=notrunc status=none

# A swap area with the mark of a hibernation image.
truncate -s 32M "$MACHINE/extra.img"
mkswap -q "$MACHINE/extra.img" 2>/dev/null || mkswap "$MACHINE/extra.img" >"$WORLD/mkswap.log"
printf SWAPSPACE2S1SUSPEND | dd of="$MACHINE/extra.img" bs=1 seek=4076 conv=notrunc status=none
sum=$(sha256sum <"$MACHINE/extra.img")

check "they open" boots_through
check "the root by approval" says 'opened as root by approval'
check "the data by approval" says "opened as luks-$FIXTURE_DATA_UUID by approval"
check "the system is the honest one" said 'root is root'
untouched() {
	[ "$(sha256sum <"$MACHINE/extra.img")" = "$sum" ]
}
check "the hibernation image was not touched" untouched

# Our key slot is gone from the root; the data have another UUID.
rm "$MACHINE/extra.img"
cp --sparse=always "$WORLD/root.honest" "$root"
changes luksKillSlot -q "$root" "$slot"
changes luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 "$data"
machine_boot "$MACHINE"
check "what became of the root's token is said, with the next step" rig_wait "$RIG_BOOT_LIMIT" says 'vdb: its bootgate token is not usable: .*; run: bootgate luks-enroll /dev/vdb'
check "and what became of the data" rig_wait 60 says 'vdc: its LUKS2 header is not the one that was enrolled .*If you changed it, open it by passphrase and run: bootgate luks-enroll /dev/vdc'
machine_type "$MACHINE" "$FIXTURE_PASSPHRASE"
check "the passphrase opens" machine_wait "$MACHINE" 'root is root'
machine_end "$MACHINE"
check "both" said 'unlocked: luks-11111111-1111-4111-8111-111111111111'
done_testing "$MACHINE"
