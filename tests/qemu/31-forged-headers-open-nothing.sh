#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S27): headers rewritten to a null cipher, another cipher, offset, size, segment, volume key, to a re-encryption, or with two copies that differ,
# all with right checksums, our token and the root's UUID, in a machine that is approved: none opens, by the approval nor by whatever
# is typed, and each is said with what to do.  One boot; tests/long/31-... has a boot each.

. "$(dirname "$0")/fixture.sh"
# shellcheck source=tests/qemu/disks.sh
. "$RIG/disks.sh"
fixture p384 2
verifier_start "$VERIFIER"
mv "$MACHINE/root.img" "$WORLD/honest.img"
token_of "$WORLD/honest.img" "$WORLD/token"
rogue_system "$WORLD/system"
# Their places: vdb, vdd, vde, ...; vdc is the honest data volume.
places='root extra more1 more2 more3 more4 more5 more6 more7 more8 more9'
letters='b d e f g h i j k l m'
# The last two are volumes of the attacker's own, case 30's.
kinds=${FORGERIES% key *}
# shellcheck disable=SC2086
set -- $letters
for kind in $kinds; do
	forged "$kind" "$MACHINE/${places%% *}.img"
	places=${places#* }
done

not() {
	! "$@"
}
machine_boot "$MACHINE"
check "the machine is approved" rig_wait "$RIG_BOOT_LIMIT" says 'approved under policy'
check "its honest volume is opened by it" rig_wait 60 says "vdc: opened as luks-$FIXTURE_DATA_UUID by approval"
sleep 3
for kind in $kinds; do
	check "$kind: it is said why it stays shut, and what to do" says "vd$1: $(forged_sentence "$kind")|vd$1 $(forged_sentence "$kind")"
	shift
done
machine_type "$MACHINE" "any key at all"
check "where a null cipher takes any key, none is taken" rig_wait 60 says 'this passphrase opens none of the volumes'
check "none was opened" not says 'opened as root'
check "nothing was handed over" not said 'step hand-over|unlocked: .*'
machine_cut "$MACHINE"
echo "# count: $(echo "$kinds" | wc -w) disks forged"
done_testing "$MACHINE"
