#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S26, S8): every kind of TPM trouble at every command of a boot, with a known and with a new delegation; who asks, and the whole
# agent, killed at every command and at every message; every connection lost.  A clear end each time; never a key before the door.
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

ONCE="code:101 code:922 code:921 code:902 code:903 code:9a2 code:9a3 code:18b code:100 code:deadbeef garbage nonsense cut short flood drop lose delay:3 hang"

# What is refused or lost for ever at one command: no key unless the door closed; the command is named.
for_ever() {
	sort -u commands >kinds
	while read -r command; do
		for fault in code:101 garbage lose; do
			boot "$command" "$fault" 1000
			ok "$1: $fault at every $command: an end, no key before the door" ends_without_a_gift
			ok "the command is named" names "$command"
		done
	done <kinds
}
ends_without_a_gift() { came_to_an_end && behind_the_door && { no_key || approved; }; }

every_kind() {
	learn_commands
	ok "$1: without a fault the key comes" recovers
	for fault in $ONCE; do
		each_command "$fault" "$1"
	done
	each_kill "$1"
	give_up 8
	for_ever "$1"
	each_killall "$1"
	give_up 60
}

enrolled_world
every_kind "known delegation"
each_kill_on_the_way
each_killall_on_the_way
each_drop_on_the_way
give_up 60
forget_ticket
every_kind "new delegation"
ended
