#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S1): under a policy that rules firmware's PCRs by their values, the same image is denied once a setting of the
# firmware was changed, here its boot order, and the denial names the PCR.

. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/variables.sh"

# learn: the operator tries the policy on the last boot, and follows the commands that the verdict tells.
learn() {
	operator audit show "$(ctl "$VERIFIER" audit list --last 1 | sed -n '$s/ .*//p')" --case "$WORLD/case"
	"$CTL" appraise "$WORLD/case" --policy "$WORLD/ruled.conf" |
		sed -n 's/^reason .*: bootgatectl reference add \(firmware\..*\)$/\1/p' >"$WORLD/told"
	while read -r list value; do
		operator reference add "$list" "$value"
	done <"$WORLD/told"
	[ "$(wc -l <"$WORLD/told")" -eq 4 ]
}

# boots_from_network_too: from now on QEMU tells the firmware to try the network after the disk.
boots_from_network_too() {
	mkdir "$WORLD/changed"
	cat >"$WORLD/changed/qemu-system-x86_64" <<-EOF
		#!/bin/sh
		exec "$(command -v qemu-system-x86_64)" "\$@" -global virtio-net-pci.bootindex=1
	EOF
	chmod +x "$WORLD/changed/qemu-system-x86_64"
	PATH=$WORLD/changed:$PATH
}

fixture p256
verifier_start "$VERIFIER"
sed 's/^\tpcr \([0-3]\) { ignore = .*/\tpcr \1 { rule = values values = firmware.\1 }/' "$RIG_TOP/policy/uki.conf" \
	>"$WORLD/ruled.conf"
check "the root opens under the shipped policy" boots_through
check "the operator lists what that boot left in PCRs 0 to 3" learn
check "the operator lets the policy rule them" operator policy apply "$WORLD/ruled.conf"
check "the root opens under that policy" boots_through

boots_from_network_too
check "with another boot order the machine is denied" is_denied
check "the denial names PCR 1" names P3 'PCR 1 has the value sha256 [0-9a-f]{64}, which is not in list firmware\.1;'
check "it names no other PCR" test "$(tr -d '\r' <"$MACHINE/console" | grep -c 'P3: ')" -eq 1
check "it tells of nothing else" names_only P3
done_testing "$MACHINE"
