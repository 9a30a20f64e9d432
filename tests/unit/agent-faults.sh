#!/bin/sh
# SPDX-License-Identifier: ISC
# A boot that the verifier approves, with a fault at each command that the agent sends to its TPM (S26): it comes to an end, it is
# approved after all where the TPM recovers, and no key leaves the approving process before the door's event was acknowledged.
# There is no device mapper here: a key that was handed out shows in the attempt to open.  Prints TAP.
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

# boot FAULT: a cold start, and a boot with a fault: N, what, how often.
boot() {
	stop_tpm -c
	run_tpm
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate tap tap.log
	perl "$top/tests/unit/agent/tap.pl" "$work/tap" "$work/tpm.socket" "$work/tap.log" "$@" >tap.ready &
	tap_pid=$!
	ln -sf tpm.socket.ctrl tap.ctrl
	wait_for 5 grep -q ready tap.ready
	status=0
	timeout 90 unshare -pf --kill-child "$AGENT" -c bootgate.conf boot >said 2>&1 </dev/null || status=$?
	kill $tap_pid
	wait $tap_pid 2>/dev/null || :
}
came_to_an_end() { [ "$status" != 124 ]; }
approved() { says 'approved under policy'; }
handed_out() { says "$loop: not opened as one"; }
door_is_closed() { ! door_is_open; }
# A key only behind the closed door, and the event was noted.
behind_the_door() { ! handed_out || { door_is_closed && [ -s /run/bootgate/door ]; }; }
recovers() { came_to_an_end && handed_out && behind_the_door && tpm_is_tidy; }

ends_shut() { came_to_an_end && ! handed_out && door_is_closed && tpm_is_tidy; }

start_tpm sha256,sha384
start_verifier
add_references
configure "$PORT"
ctl enroll token >token 2>/dev/null
agent enroll --token-file token
ok "the machine is enrolled" ends 0
make_volume
agent luks-enroll --passphrase-file passphrase "$loop"
ok "and a volume" ends 0
TPM=swtpm:path=$work/tap configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 60'

boot 0 none 0
ok "without a fault the key comes, behind the closed door" recovers
total=$(wc -l <tap.log)
ok "after 9 commands, and the swtpm's" test "$total" -le 12
for fault in code:922 code:101 code:9a3 lose; do
	i=1
	while [ $i -le "$total" ]; do
		boot $i $fault 1
		ok "$fault at command $i, $(sed -n ${i}p tap.log): the key comes, behind the closed door" recovers
		i=$((i + 1))
	done
done
i=1
while [ $i -le "$total" ]; do
	boot $i kill 1
	ok "who asks is killed at command $i, $(sed -n ${i}p tap.log): the door closes, the TPM is left tidy" ends_shut
	i=$((i + 1))
done
boot PCR_Event code:101 1000
ok "when the door's event is refused for ever, no key is handed out" sh -c "! grep -q '$loop: not opened as one' said"
ok "the machine is switched off" says 'switching off'
boot PCR_Event lose 1000
ok "when its answer is always lost, no key is handed out" sh -c "! grep -q '$loop: not opened as one' said"
ok "the machine is switched off, too" says 'switching off'

echo "1..$n"
exit "$bad"
