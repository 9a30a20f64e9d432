#!/bin/sh
# SPDX-License-Identifier: ISC
# A boot that the verifier approves, with a fault at each command that the agent sends to its TPM (S26, S8): it comes to an end, it is
# approved after all where the TPM recovers, and no key leaves the approving process before the door's event was acknowledged.
# Some faults of each kind; tests/long/agent-faults.sh has all of them.  Prints TAP.
# shellcheck disable=SC2154,SC2317,SC2094
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
# shellcheck source=tests/unit/agent/faults.sh
. "$top/tests/unit/agent/faults.sh"

enrolled_world
learn_commands
ok "without a fault the key comes, behind the closed door" recovers
ok "after 9 commands, and 2 about the banks, which sysfs does not tell here" test "$(wc -l <commands)" = 11
for fault in code:101 garbage lose; do
	each_command $fault "known delegation"
done
each_kill "known delegation"

boot NV_Read hang 1
ok "when the TPM does not answer for $LIMIT s, the read is named, and asked for anew" recovers_from NV_Read hang
boot StartAuthSession code:921 1
ok "a lockout does not end it" recovers
ok "its end is said" says 'StartAuthSession: 0x921: locked out .*ends by itself'

boot PCR_Event code:101 3
ok "when the door's event is refused three times, it closes at the fourth" recovers
boot PCR_Event code:101 1000
ok "when the door's event is refused for ever, no key is handed out" no_key
ok "the machine is switched off" says 'switching off'
boot PCR_Event lose 1000
ok "when its answer is always lost, no key is handed out" no_key
ok "the machine is switched off, too" says 'switching off'

each_kill_on_the_way
give_up 60

# Nobody ever started it, or it found nothing to ask for: what init calls is enough.
for outcome in shell left passphrase; do
	cold_start
	ok "the door is open at the start" door_is_open_everywhere
	tap 0 none 0
	start_agent door $outcome
	ok "without an agent before it, \"door $outcome\" closes each bank" door_is_closed
	ok "by one command" test "$(cat tap.log)" = PCR_Event
	untap
done
cold_start
tap 0 none 0
cryptsetup token export --token-id 0 "$loop" >kept.json
cryptsetup token remove --token-id 0 "$loop"
start_agent boot
ok "without a token there is nothing to ask for: it ends shut, and says so" sh -c "test $status != 0 && grep -q 'no volume has a usable bootgate token' said"
ok "without a command to the TPM" test ! -s tap.log
door_for_a_shell
ok "and init's door closes each bank" door_is_closed
untap
cryptsetup token import --token-id 0 --json-file kept.json "$loop"

forget_ticket
learn_commands
ok "a new delegation takes 3 more" test "$(wc -l <commands)" = 14
for command in LoadExternal VerifySignature FlushContext; do
	boot $command nonsense 1
	ok "new delegation: nonsense at $command: the key comes, behind the closed door" recovers
done
ended
