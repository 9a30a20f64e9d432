# shellcheck shell=sh disable=SC2034,SC2154,SC2317,SC2119,SC2120
# SPDX-License-Identifier: ISC
#
# A machine with two volumes that goes from epoch to epoch.  Sourced by agent-rotate.sh and by the long one, with $top set, in name spaces
# of their own.  There is no device mapper here: the agent is linked with tests/unit/agent/mapped.c.

BOOTGATE_TEST=$top/build/test/bootgate-mapped
# shellcheck source=tests/unit/agent/faults.sh
. "$top/tests/unit/agent/faults.sh"

epoch=1 boots=0

# Not the first process of its name space, so that cryptsetup.pl can kill it.
start_agent() {
	status=0
	# shellcheck disable=SC2016
	timeout $((3 * LIMIT + REST)) unshare -pf --kill-child sh -c '"$@"; exit $?' sh "$AGENT" -c bootgate.conf "$@" >said 2>&1 </dev/null || status=$?
	boots=$((boots + 1))
}

# power_cut: no shutdown of the TPM, and the next boot's firmware.
power_cut() {
	kill -9 "$tpm_pid"
	wait "$tpm_pid" 2>/dev/null || :
	rm -f tpm.socket tpm.socket.ctrl
	run_tpm
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate
}

# rotating_boot AT FAULT TIMES: from a power cut.
rotating_boot() {
	power_cut
	tap "$@"
	start_agent boot
	untap
}

rotating_world() {
	enrolled_world
	cp "$(command -v cryptsetup)" cryptsetup
	sed "s|@WORK@|$work|" "$top/tests/unit/agent/cryptsetup.pl" >wrapper
	chmod 755 wrapper
	mount --bind wrapper "$(command -v cryptsetup)"
	truncate -s 40M second.img
	cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 second.img passphrase
	second=$(attach second.img)
	trap 'losetup -d "$loop"; losetup -d "$second"; rm -rf "$work"' EXIT
	configure "$PORT"
	agent luks-enroll --passphrase-file passphrase "$second"
	ok "and a second volume" ends 0
	id=$(ctl machine list | grep -oE '[0-9a-f]{16}' | head -n 1)
	name_both
}

# name_both [SECONDS]: the configuration of the boots.
name_both() {
	TPM=swtpm:path=$work/tap configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")" "volume = two $(cryptsetup luksUUID "$second")" \
		"give-up = ${1:-60}"
}

# verifier_with STATE: another state folder from now on.
verifier_with() {
	stop_verifier
	verifier_from "$1"
}
verifier_from() {
	sed "s|^state = .*|state = \"$work/$1\"|" bootgated.conf >verifier.conf
	cp verifier.conf bootgated.conf
	"$top/build/bootgated" -c bootgated.conf >>bootgated.log 2>&1 &
	verifier_pid=$!
	wait_for 10 curl -sk -o null "https://127.0.0.1:$PORT/healthz"
}

# opens_nothing WHAT [PATTERN]: a boot with that; the agent says PATTERN.
opens_nothing() {
	name_both 6
	rotating_boot 0 none 0
	name_both
	ok "$1: nothing opens" sh -c "! grep -q 'opened as' said && [ $status != 0 ]"
	[ $# -lt 2 ] || ok "it says: $2" says "$2"
}

# order EPOCH: a delegation for it, and the order.
order() {
	# A verifier has no more than 16.
	rm -f "state/delegation-$(($1 - 2))"
	ctl authority delegate authority state --name 127.0.0.1 --epoch "$1" >/dev/null
	kill -HUP "$verifier_pid"
	wait_for 5 sh -c "'$top/build/bootgatectl' -c bootgated.conf machine rotate $id --epoch $1"
	epoch=$1
}

# seals DEVICE: the epochs in its token, "1" or "1 2".
seals() {
	for t in $(cryptsetup luksDump "$1" | awk '$2 == "bootgate" { sub(":", "", $1); print $1 }'); do
		cryptsetup token export --token-id "$t" "$1" | grep -o '"epoch": *[0-9]*' | grep -o '[0-9]*$'
	done | tr '\n' ' ' | sed 's/ $//'
}
both_have() { [ "$(seals "$loop")" = "$1" ] && [ "$(seals "$second")" = "$1" ]; }
both_opened() { ends 0 && says "$loop: opened as one by approval" && says "$second: opened as two by approval"; }
opens_well() { both_opened && door_is_closed && tpm_is_tidy && [ ! -e /run/bootgate/tpm-in-use ]; }
at_verifier() { ctl machine show "$id" | grep -Eq "$1"; }
is_there() { both_have "$epoch" && [ "$(indices)" = 1 ] && at_verifier "^NV index .* epoch $epoch;" && ! at_verifier '^rotation'; }

# gets_there MOST: boots until the machine is on its epoch; each of them opens.
gets_there() {
	went=0
	while ! is_there; do
		went=$((went + 1))
		[ $went -le "$1" ] || return 1
		rotating_boot 0 none 0
		opens_well || return 1
	done
}

# keep NAME, put_back NAME...: both disks as they are; as they were.
keep() { dd if="$loop" of="disk.$1" bs=1M 2>dd.log && dd if="$second" of="second.$1" bs=1M 2>dd.log; }
put_back() {
	dd if="disk.$1" of="$loop" bs=1M conv=notrunc,fsync 2>dd.log
	dd if="second.${2:-$1}" of="$second" bs=1M conv=notrunc,fsync 2>dd.log
}

# take_out, put_in: the second volume's disk.
take_out() { rm "$second"; }
put_in() { mknod "$second" b 7 "${second#/dev/loop}"; }

# to_boot N: an order for the next epoch, and whole boots before the Nth.  "again": before one that finds a second seal on one volume only.
to_boot() {
	old_index=$(tpm2_getcap handles-nv-index | grep -oi '0x18b47[0-9a-f]*')
	order $((epoch + 1))
	keep start
	case $1 in
	1) ;;
	2) rotating_boot 0 none 0 ;;
	again)
		rotating_boot 0 none 0
		keep first
		put_back first start
		;;
	esac
}

# cut_command N AT: in the Nth boot of a rotation the power goes at that command of the TPM, which it got.
cut_command() {
	to_boot "$1"
	rotating_boot "$2" killall 1
	ok "boot $1, cut at TPM command $2 ($(tail -n 1 tap.log)): the next boots open, and the rotation comes to its end" gets_there 4
}

# cut_write N IMPORT WRITE: in the Nth boot the power goes after that write of that import of a token.
cut_write() {
	to_boot "$1"
	rm -f imports was-cut
	echo "$2 $3" >cut.at
	rotating_boot 0 none 0
	faults=$((faults + 1))
	rm -f cut.at
	ok "boot $1, cut in the import $2 of a token, after $3 of 6 writes" test -s was-cut
	ok "the next boots open, and the rotation comes to its end" gets_there 4
}

rotation_ended() {
	echo "# count: $boots boots of the agent"
	ended
}
