# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2119,SC2120,SC2094
# SPDX-License-Identifier: ISC
#
# Boots that the verifier approves, with a fault somewhere; what is looked at after each.  Sourced by agent-faults.sh and by the long
# one, with $top set, in name spaces of their own.
# There is no device mapper here: a key that was handed out shows in the attempt to open, and so does that it did not open.

# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"

# Seconds that a command may be without an answer (src/tpm/tcti.h), and what a boot may take besides.
LIMIT=30 REST=20
faults=0

# seconds COMMAND...: runs it; took is how long.
seconds() {
	took=$(date +%s)
	"$@"
	took=$(($(date +%s) - took))
}

# cold_start: the TPM as after power on, the firmware's events in it, nothing noted.
cold_start() {
	stop_tpm -c
	run_tpm
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate
}

# tap AT FAULT TIMES: in front of the TPM from now on.
tap() {
	rm -f tap tap.log
	perl "$top/tests/unit/agent/tap.pl" "$work/tap" "$work/tpm.socket" "$work/tap.log" "$@" >tap.ready &
	tap_pid=$!
	wait_for 5 grep -q ready tap.ready
	[ "$2" = none ] || faults=$((faults + 1))
}

untap() {
	kill "$tap_pid"
	wait "$tap_pid" 2>/dev/null || :
}

# The agent as in an initramfs: where its door cannot be closed it switches off, which ends its own name space.
start_agent() {
	status=0
	timeout $((3 * LIMIT + REST)) unshare -pf --kill-child "$AGENT" -c bootgate.conf "$@" >said 2>&1 </dev/null || status=$?
}

# boot AT FAULT TIMES: from a cold start.
boot() {
	cold_start
	tap "$@"
	seconds start_agent boot
	untap
}

# What initramfs/init does when the agent did not end well, and then: the agent, started again in the same boot.
door_for_a_shell() { start_agent door shell; }

came_to_an_end() { [ "$status" != 124 ]; }
approved() { says 'approved under policy'; }
handed_out() { says "$loop: not opened as one"; }
bank_is_closed() { ! tpm2_pcrread "$1:13" | grep -Eq '13 *: *0x0+$'; }
door_is_closed() { bank_is_closed sha256 && bank_is_closed sha384; }
door_is_open_everywhere() { ! bank_is_closed sha256 && ! bank_is_closed sha384; }
# A key only behind the closed door, and the event was noted.
behind_the_door() { ! handed_out || { door_is_closed && [ -s /run/bootgate/door ]; }; }
no_key() { ! handed_out; }
recovers() { came_to_an_end && handed_out && behind_the_door && tpm_is_tidy; }
ends_shut() { came_to_an_end && no_key && door_is_closed && tpm_is_tidy; }

# names COMMAND: a failure says which command it was.
names() { says "TPM: $1: "; }
within() { [ "$took" -le "$1" ]; }
at_least() { [ "$took" -ge "$1" ]; }

# recovers_from NAME FAULT: what each fault is to show: the key comes after all; the command is named, unless that passes without a word.
recovers_from() {
	recovers || return 1
	case $2 in
	# What is well framed and says something else is noticed later, or comes to nothing.
	none | code:922 | code:921 | code:90[0-9a-f] | delay:* | nonsense | short) ;;
	hang) within $((LIMIT + REST)) && at_least "$LIMIT" && says "TPM: $1: no answer for $LIMIT s" ;;
	*) names "$1" ;;
	esac
}

# At each of a boot's commands, which the last boot without a fault left in commands.
each_command() {
	each_fault=$1
	i=0
	while read -r command; do
		i=$((i + 1))
		boot $i "$each_fault" 1
		ok "$2: $each_fault at command $i, $command: the key comes, behind the closed door" recovers_from "$command" "$each_fault"
	done <commands
}

each_kill() {
	i=0
	while read -r command; do
		i=$((i + 1))
		boot $i kill 1
		ok "$1: who asks is killed at command $i, $command: the door closes, the TPM is left tidy" ends_shut
	done <commands
}

# The whole agent is killed: nothing is open, init closes the door, and the agent that starts again tidies up.
each_killall() {
	give_up 5
	i=0
	while read -r command; do
		i=$((i + 1))
		boot $i killall 1
		ok "$1: the agent is killed at command $i, $command: no key" sh -c "! grep -q 'not opened as' said"
		tap 0 none 0
		door_for_a_shell
		ok "then the door closes for the shell, in each bank" door_is_closed
		start_agent boot
		ok "and the agent that starts again is refused, and leaves the TPM tidy" again_refused
		untap
	done <commands
}
again_refused() { no_key && tpm_is_tidy; }

# known_delegation, new_delegation: with and without the ticket of the delegation in the token; commands: those of a boot without a fault.
learn_commands() {
	boot 0 none 0
	cp tap.log commands
}

forget_ticket() {
	cryptsetup token export --token-id 0 "$loop" | sed 's/"tickets": *\[[^]]*\]/"tickets":[]/' >token.json
	grep -q '"tickets":\[\]' token.json
	cryptsetup token remove --token-id 0 "$loop"
	cryptsetup token import --token-id 0 --json-file token.json "$loop"
}

# enrolled_world: a machine and a volume, enrolled.
enrolled_world() {
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
	give_up 60
}

# give_up SECONDS [PORT]
give_up() {
	TPM=swtpm:path=$work/tap configure "${2:-$PORT}" "volume = one $(cryptsetup luksUUID "$loop")" "give-up = $1"
}

# Places of the exchange that cut.pl knows.
PLACES="connection:1 before-request:1 in-request:1 before-answer:1 after-answer:1 before-request:2 in-request:2 before-answer:2 after-answer:2"

# boot_cut PLACE FAULT TIMES: a boot whose way to the verifier has that fault.
boot_cut() {
	perl "$top/tests/unit/agent/cut.pl" "$CUT" "$PORT" "$@" "$work/cut.log" >cut.ready &
	cut_pid=$!
	wait_for 5 grep -q ready cut.ready
	faults=$((faults + 1))
	boot 0 none 0
	kill "$cut_pid"
	wait "$cut_pid" 2>/dev/null || :
}
was_there() { grep -qx "$1" cut.log; }
# After the last answer it may have come as far as the key.
closes_or_never_opened() {
	was_there "$1" || return 1
	if [ "$1" = after-answer:2 ]; then
		came_to_an_end && behind_the_door && door_is_closed && tpm_is_tidy
	else
		ends_shut
	fi
}

each_kill_on_the_way() {
	give_up 60 "$CUT"
	for place in $PLACES; do
		boot_cut "$place" kill 1
		ok "who asks is killed at $place of the exchange: the door closes, the TPM is left tidy" closes_or_never_opened "$place"
	done
}

each_killall_on_the_way() {
	give_up 60 "$CUT"
	for place in $PLACES; do
		boot_cut "$place" killall 1
		ok "the agent is killed at $place of the exchange: no key" no_key
		tap 0 none 0
		door_for_a_shell
		ok "then the door closes for the shell, in each bank" door_is_closed
		give_up 5
		start_agent boot
		ok "and the agent that starts again is refused, and leaves the TPM tidy" again_refused
		untap
		give_up 60 "$CUT"
	done
}

each_drop_on_the_way() {
	give_up 60 "$CUT"
	for place in $PLACES; do
		boot_cut "$place" drop 1
		ok "the connection ends at $place: it is asked again, and the key comes behind the closed door" recovers
	done
}

# ended: the plan, and how many faults there were.
ended() {
	echo "# count: $faults faults injected"
	echo "1..$n"
	exit "$bad"
}
