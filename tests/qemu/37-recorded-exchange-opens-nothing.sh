#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S5): who ends TLS with the fleet's own key records an approved boot, and replays it to a later boot of the machine: the recorded answers;
# the recorded evidence, for which the verifier signs its verdict anew; the recorded approval in an honest answer.  The disk stays shut each time,
# the reason is said, and an honest exchange in the same boot still opens it.

. "$(dirname "$0")/fixture.sh"
fixture p256
FIXTURE_PORT=8444
verifier_start "$VERIFIER"
BALANCER=$WORLD/balancer
mkdir "$BALANCER"
echo record >"$BALANCER/script"
"$RIG/replay" 8443 $FIXTURE_PORT "$BALANCER" "$VERIFIER/state/tls.crt" "$VERIFIER/state/tls.key" >"$BALANCER/log" 2>&1 9>&- &
echo $! >>"$RIG_WORK/pids"
balancer_said() {
	grep -sqx "$1" "$BALANCER/said"
}
rig_wait 10 balancer_said ready || rig_die "the balancer does not start: $(cat "$BALANCER/log")"

check "through the balancer the root opens by approval" boots_through
check "the approval is recorded" balancer_said 'record: 200'

printf '%s\n' player stale swap pass >"$BALANCER/script"
machine_boot "$MACHINE"
times_sees() {
	[ "$(tr -d '\r' <"$MACHINE/console" | grep -c "$2")" -ge "$1" ]
}
not_open() {
	! machine_said "$MACHINE" 'unlocked: .*'
}
check "the recorded answers are not about this boot" rig_wait "$RIG_BOOT_LIMIT" times_sees 1 'its statement is not about this exchange'
check "the disk is shut" not_open
check "nor is the verdict on recorded evidence, signed anew" rig_wait 60 times_sees 2 'its statement is not about this exchange'
check "which the verifier did sign" balancer_said 'stale: 200'
check "the disk is shut still" not_open
check "the recorded approval in an honest answer is refused by the TPM" rig_wait 60 times_sees 1 'TPM: PolicySigned: 0x'
check "the honest answer was an approval" balancer_said 'swap: 200'
check "without a replay the same boot opens" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
done_testing "$MACHINE"
