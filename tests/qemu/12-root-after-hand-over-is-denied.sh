#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S6): after the hand-over root runs the agent and is denied, by the verifier and for the door; also when he hides
# what is noted about the door.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
cat >"$MACHINE/said/job" <<'EOF'
timeout 20 bootgate boot </dev/null >/run/first 2>&1
grep -E 'DENIED|A[0-9]+:|P[0-9]+:' /run/first
echo "hides it"
rm -rf /run/bootgate
timeout 20 bootgate boot </dev/null >/run/second 2>&1
grep -E 'DENIED|A[0-9]+:|P[0-9]+:' /run/second
EOF
after() {
	tr -d '\r' <"$MACHINE/verdict" | sed -n '/^hides it$/,$p' | grep -qE "$1"
}
before() {
	tr -d '\r' <"$MACHINE/verdict" | sed '/^hides it$/,$d' | grep -qE "$1"
}
check "the root opens by approval" boots_through
check "root is denied" before 'DENIED'
check "the denial names the door" before 'A[0-9]+: the door is closed'
check "root who hides the door's note is denied" after 'DENIED'
check "the denial names PCR 13, or that the events do not add up" after 'A[0-9]+: .*(PCR 13|add up)'
done_testing "$MACHINE"
