#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S27): each forged header alone in the place of the root, beside an honest data volume, in a machine that is approved: a boot each.  It does not
# open, it is said why and what to do, and nothing honest is open when the machine ends at its shell.

. "$(dirname "$0")/../qemu/fixture.sh"
# shellcheck source=tests/qemu/disks.sh
. "$RIG/disks.sh"
fixture p384 2
verifier_start "$VERIFIER"
mv "$MACHINE/root.img" "$WORLD/honest.img"
token_of "$WORLD/honest.img" "$WORLD/token"
rogue_system "$WORLD/system"
cat >"$MACHINE/said/shell" <<'EOF'
echo "shell sees: $(ls /dev/mapper | tr '\n' ' ')"
EOF
not() {
	! "$@"
}
n=0
for kind in $FORGERIES; do
	n=$((n + 1))
	forged "$kind" "$MACHINE/root.img"
	machine_boot "$MACHINE"
	check "$kind: the honest volume opens" rig_wait "$RIG_BOOT_LIMIT" says "opened as luks-$FIXTURE_DATA_UUID by approval"
	check "$kind: it is said why it stays shut, and what to do" rig_wait 60 says "vdb:? $(forged_sentence "$kind")"
	if rig_wait 5 says 'Passphrase for '; then
		machine_type "$MACHINE" "any key at all"
		check "$kind: no key is taken" rig_wait 60 says 'this passphrase opens none of the volumes'
	else
		check "$kind: the way ends at a shell" machine_wait "$MACHINE" 'step shell'
		check "$kind: with nothing open" machine_wait "$MACHINE" 'shell sees: control ' 30
	fi
	check "$kind: it was not opened" not says 'opened as root'
	check "$kind: nothing was handed over" not said 'step hand-over|unlocked: .*'
	machine_cut "$MACHINE"
done
echo "# count: $n boots with a forged disk"
done_testing "$MACHINE"
