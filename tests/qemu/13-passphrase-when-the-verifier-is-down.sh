#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S7): with no verifier in reach the passphrase opens, at once; that boot cannot be approved any more.

. "$(dirname "$0")/fixture.sh"
fixture p256
cat >"$MACHINE/said/job" <<'EOF'
echo ready
sleep 5
timeout 30 bootgate boot </dev/null 2>&1 | grep -E 'DENIED|A[0-9]+:|approved'
EOF
machine_boot "$MACHINE"
check "the prompt is there" rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'Passphrase for'
check "the console says that no verifier answers" rig_wait 30 machine_sees "$MACHINE" 'next try in'
machine_type "$MACHINE" "a wrong passphrase"
check "a wrong passphrase opens nothing" rig_wait 30 machine_sees "$MACHINE" 'opens none of the volumes'
machine_type "$MACHINE" "$FIXTURE_PASSPHRASE"
check "the passphrase opens the root" machine_wait "$MACHINE" 'unlocked: root'
check "the system starts" machine_wait "$MACHINE" ready
verifier_start "$VERIFIER"
machine_end "$MACHINE"
job_says() {
	tr -d '\r' <"$MACHINE/verdict" | grep -qE "$1"
}
check "the same boot is denied afterwards" job_says 'DENIED'
check "the denial names the door and the passphrase" job_says 'the door is closed.*passphrase'
check "the next boot is approved" boots_through
done_testing "$MACHINE"
