#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S5): an approved boot of one machine, recorded by who ends TLS, is replayed to another machine of the same fleet, whose image, authority,
# epoch and index handle are the same: its answers are not about that machine, its approval is refused by that TPM.

. "$(dirname "$0")/../qemu/fixture.sh"
fixture p256
OTHER=$WORLD/other
verifier_start "$VERIFIER"
ctl "$VERIFIER" enroll token >"$RIG_WORK/token" 2>>"$VERIFIER/log"
world_new_machine "$WORLD" "$OTHER" p256 1 "$RIG_WORK/token"
machine_boot "$OTHER"
machine_end "$OTHER"
check "another machine is installed and enrolled" machine_said "$OTHER" installed
rm -f "$OTHER"/said/*
rig_esp "$OTHER/esp.img" "$WORLD/boot/uki"
verifier_stop "$VERIFIER"

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
check "the first machine boots" boots_through
check "its approval is recorded" balancer_said 'record: 200'

MACHINE=$OTHER
printf '%s\n' player stale swap pass >"$BALANCER/script"
machine_boot "$MACHINE"
times_sees() {
	[ "$(tr -d '\r' <"$MACHINE/console" | grep -c "$2")" -ge "$1" ]
}
not_open() {
	! machine_said "$MACHINE" 'unlocked: .*'
}
check "the recorded answers are not about the other machine" rig_wait "$RIG_BOOT_LIMIT" times_sees 1 'its statement is not about this exchange'
check "nor is the verdict on the recorded evidence, signed anew" rig_wait 60 times_sees 2 'its statement is not about this exchange'
check "the disk is shut" not_open
check "the recorded approval in an honest answer is refused by the other TPM" rig_wait 60 times_sees 1 'TPM: PolicySigned: 0x'
check "without a replay it opens" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
done_testing "$MACHINE"
