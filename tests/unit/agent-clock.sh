#!/bin/sh
# SPDX-License-Identifier: ISC
# A machine whose clock stands in 1970, or in 2100, boots like any other: the agent needs none.  (S24)  Prints TAP.
# shellcheck disable=SC2317,SC2094
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
if [ -z "${AGENT_SPACE:-}" ]; then
	if ! unshare -mnpf true 2>/dev/null; then
		echo "1..0 # SKIP no name spaces here"
		exit 0
	fi
	# Without sanitizers: their run time wants to be the first that is loaded.
	AGENT_SPACE=own BOOTGATE_TEST=$top/build/bench/bootgate exec unshare -mnpf --mount-proc --kill-child "$0" "$@"
fi
# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"

start_tpm sha256,sha384
start_verifier
add_references
configure "$PORT"
ctl enroll token >token 2>/dev/null
agent enroll --token-file token
make_volume
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a machine and a volume are enrolled" ends 0
configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 60'

# boots_in YEAR SHIFT
boots_in() {
	stop_tpm -c
	run_tpm
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate
	: >said
	LD_PRELOAD=$top/build/test/verifier/clock.so CLOCK_SHIFT=$2 timeout 90 "$AGENT" -c bootgate.conf boot >said 2>&1 </dev/null &
	boot_pid=$!
	ok "a machine that believes it is $1 is approved, and gets its key" wait_for 40 says 'not opened as one'
	wait "$boot_pid" || :
}
boots_in "1970" "-$(date +%s)"
boots_in "2100" "$((4102444800 - $(date +%s)))"

echo "1..$n"
exit "$bad"
