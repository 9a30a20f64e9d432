#!/bin/sh
# SPDX-License-Identifier: ISC
# A boot that waits for an operator: it asks rarely while it waits, says so, goes on by itself when the operator has decided, and does not
# depend on the verifier that holds it.  Prints TAP.
# shellcheck disable=SC2317,SC2094
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
if [ -z "${AGENT_SPACE:-}" ]; then
	if ! unshare -mnpf true 2>/dev/null; then
		echo "1..0 # SKIP no name spaces here"
		exit 0
	fi
	AGENT_SPACE=own exec unshare -mnpf --mount-proc --kill-child "$0" "$@"
fi
# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"

# start [-c]: power off and on, after Shutdown(CLEAR) or Shutdown(STATE), and a boot in the background.
start() {
	stop_tpm "$@"
	run_tpm
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate
	: >said
	timeout 120 "$AGENT" -c bootgate.conf boot >said 2>&1 </dev/null &
	boot_pid=$!
}
asked() { grep -c "this evidence\|held for\|approved under" said || :; }
held_once() { [ "$(grep -c 'held for an operator' said)" = 1 ]; }

start_tpm sha256,sha384
start_verifier
add_references
configure "$PORT"
ctl enroll token >token 2>/dev/null
agent enroll --token-file token
make_volume
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a machine and a volume are enrolled" ends 0
configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 100'
start -c
ok "it boots" wait_for 30 says 'not opened as one'
wait "$boot_pid" || :

start
ok "after a restart that kept the counters it is held" wait_for 30 says 'held for an operator'
ok "which it says, with how long it has waited" wait_for 5 says 'waiting for the operator .*, for 0 s so far'
sleep 8
ok "and asks once, not again and again" held_once
ok "nothing stays loaded in the TPM meanwhile" tpm_is_tidy
ok "the door is open" door_is_open
hold=$(ctl hold list | grep -Eo '[0-9a-f]{16}' | head -n 1)
ok "the operator sees it" test -n "$hold"
ctl hold approve "$hold" >ok.log
ok "once he has said yes, it is approved without more" wait_for 75 says 'not opened as one'
wait "$boot_pid" || :

start
ok "held once more" wait_for 30 says 'held for an operator'
stop_verifier
ok "when the verifier goes away, it asks again" wait_for 90 says 'the hold cannot be followed'
count=$(asked)
sleep 5
ok "with pauses" test $(($(asked) - count)) -le 3
ok "and the time that is left is counted down" wait_for 60 says 'nothing more was opened yet: giving up in [0-9]* s'
kill "$boot_pid" || :
wait "$boot_pid" || :

echo "1..$n"
exit "$bad"
