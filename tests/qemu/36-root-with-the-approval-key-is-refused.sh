#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S6, S18): after the hand-over root has an approval in hand that was made in this boot, a session whose whole policy was met, and the
# verifier's approval key itself with its delegation; the TPM refuses him, whatever he does to the other PCRs.  Before the door closes the same
# program reads the secret: so it knows how.

. "$(dirname "$0")/fixture.sh"
fixture p384
cat >"$RIG_WORK/bootgate.conf" <<EOT
verifier = $FIXTURE_URL
volume = root $FIXTURE_ROOT_UUID
EOT
"$RIG_TOP/initramfs/build" -o "$WORLD/initrd" -k "$RIG_BUILD/kernel" -D BOOTGATE="$RIG_PROGRAMS/bootgate" \
	-D CONFIG="$RIG_WORK/bootgate.conf" -D AUTHORITY="$WORLD/authority/authority.pem" -D TLS_CA="$WORLD/authority/tls-ca.pem" \
	-D THIEF="$RIG_TOP/build/test-thief" -D STATE="$VERIFIER/state" "$RIG/files-thief"
rig_uki "$WORLD/uki" "$WORLD/initrd" "$RIG_COMMAND_LINE"
rig_esp "$MACHINE/esp.img" "$WORLD/uki"
verifier_start "$VERIFIER"
operator reference add "$WORLD/uki"
cat >"$MACHINE/said/job" <<'EOF'
touch /run/thief.go
for _ in $(seq 60); do
	! grep -q 'thief: done' /run/thief.log || break
	sleep 1
done
cat /run/thief.log
EOF
thief() {
	tr -d '\r' <"$MACHINE/verdict" | grep -qE "^thief: $1"
}
check "the root opens by approval" boots_through
check "before the door closes, the thief reads the secret" thief 'before: as the agent does: READS THE SECRET'
check "he makes ready" thief 'ready$'
check "the door is closed in bank sha256" thief 'after: PCR 13 of bank sha256 is not zero'
check "the door is closed in bank sha384" thief 'after: PCR 13 of bank sha384 is not zero'
check "with the approval in hand, the TPM refuses at PCR 13" thief 'after: an approval in hand: refused by PolicyPCR'
check "a session whose policy was met reads nothing" thief 'after: a session whose policy was met: refused by NV_Read'
check "with an approval that he signs himself, it refuses at PCR 13" thief 'after: as the agent does: refused by PolicyPCR'
check "PCR 13 cannot be reset" thief 'PCR 13 reset: 0x907'
check "other PCRs can be, which helps nothing" thief '[1-9][0-9]* PCRs reset'
check "all PCRs extended help nothing" thief '[1-9][0-9]* PCRs extended'
check "none of his tries reads" thief 'done: [1-9][0-9]* tries, 0 reads'
tr -d '\r' <"$MACHINE/verdict" | sed -n 's/^thief: done: \([0-9]*\) tries.*/# count: \1 tries of root with the approval key/p'
[ $TAP_FAILED = 0 ] || tr -d '\r' <"$MACHINE/verdict" | sed -n 's/^thief/# thief/p'
done_testing "$MACHINE"
