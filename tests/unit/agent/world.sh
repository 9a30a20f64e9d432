# shellcheck shell=sh disable=SC2034,SC2317
# SPDX-License-Identifier: ISC
#
# A software TPM, a verifier and the agent with sanitizers, in name spaces of their own. Sourced by agent.sh and agent-faults.sh, with
# $top set.

set -eu
ip link set lo up
mount -t tmpfs none /run
mount -t tmpfs none /var/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
AGENT=${BOOTGATE_TEST:-$top/build/test/bootgate}
# The process is closed to tracers, and so to the search for leaks.
ASAN_OPTIONS=detect_leaks=0
TPM2TOOLS_TCTI=swtpm:path=$work/tpm.socket
export ASAN_OPTIONS TPM2TOOLS_TCTI
PORT=18443 CUT=18444
n=0 bad=0

ok() {
	n=$((n + 1))
	ok_name=$1
	shift
	if "$@" >ok.log 2>&1; then
		echo "ok $n - $ok_name"
	else
		bad=1
		echo "not ok $n - $ok_name"
		sed -n '1,30s/^/# /p' said ok.log
	fi
}

# wait_for SECONDS COMMAND...
wait_for() {
	tries=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# agent ARGUMENTS...: status is how it ended, said what it said.
agent() {
	status=0
	timeout 60 "$AGENT" -c bootgate.conf "$@" >said 2>&1 </dev/null || status=$?
}
ends() { [ "$status" = "$1" ]; }
says() { grep -Eq -e "$1" said; }
silent() { ! grep -Eq -e "$1" said; }

ctl() { "$top/build/bootgatectl" -c bootgated.conf "$@"; }

# What stands in the TPM: the agent's AKs, its indices, what is loaded.
aks() { tpm2_getcap handles-persistent | grep -ci '0x8101b0' || :; }
indices() { tpm2_getcap handles-nv-index | grep -ci '0x18b47' || :; }
loaded() { tpm2_getcap handles-loaded-session | wc -l; tpm2_getcap handles-transient | wc -l; }
tpm_holds() { [ "$(aks)" = "$1" ] && [ "$(indices)" = "$2" ]; }
tpm_is_tidy() { [ "$(loaded | tr -d '\n')" = 00 ]; }
door_is_open() { tpm2_pcrread sha256:13 | grep -q '0x0\{64\}'; }

# start_tpm BANKS
start_tpm() {
	mkdir tpm ca
	printf '%s\n' "create_certs_tool = $(command -v swtpm_localca)" "create_certs_tool_config = $work/localca.conf" \
		"create_certs_tool_options = $work/localca.options" >setup.conf
	printf '%s\n' "statedir = $work/ca" "signingkey = $work/ca/signkey.pem" "issuercert = $work/ca/issuercert.pem" \
		"certserial = $work/ca/certserial" >localca.conf
	printf '%s\n' '--platform-manufacturer bootgate' '--platform-version 1' '--platform-model test' >localca.options
	swtpm_setup --tpm2 --tpmstate "$work/tpm" --create-ek-cert --pcr-banks "$1" --config setup.conf >setup.log 2>&1
	run_tpm
}

run_tpm() {
	swtpm socket --tpm2 --tpmstate dir="$work/tpm" --flags not-need-init,startup-clear \
		--server type=unixio,path="$work/tpm.socket" --ctrl type=unixio,path="$work/tpm.socket.ctrl" >swtpm.log 2>&1 &
	tpm_pid=$!
	wait_for 5 test -S tpm.socket.ctrl
	wait_for 5 test -S tpm.socket
}

# stop_tpm [-c]: Shutdown(CLEAR), or without it Shutdown(STATE), and power off.
stop_tpm() {
	tpm2_shutdown "$@"
	kill "$tpm_pid"
	wait "$tpm_pid" || :
	rm -f tpm.socket tpm.socket.ctrl
}

# hide_other_disks DEVICE...: the agent looks at every disk: those of others who use this host are not there.
hide_other_disks() {
	mkdir dev
	mount -t tmpfs none dev
	for node in null zero full random urandom tty console loop-control "$@"; do
		[ ! -e "/dev/${node#/dev/}" ] || cp -a "/dev/${node#/dev/}" dev
	done
	mkdir dev/shm dev/pts
	ln -s /proc/self/fd dev/fd
	mount --move dev /dev
}

# attach FILE: a loop device for it. Who else uses this host takes them, too, in between.
attach() {
	for _ in $(seq 50); do
		device=$(losetup -f 2>/dev/null) || device=
		[ -z "$device" ] || [ -e "$device" ] || mknod "$device" b 7 "${device#/dev/loop}"
		! losetup "$device" "$1" 2>attach.log || break
		sleep 0.1
	done
	losetup "$device" | grep -qF "$1" || { cat attach.log >&2; return 1; }
	echo "$device"
}

make_volume() {
	truncate -s 40M disk.img
	printf first >passphrase
	cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 disk.img passphrase
	loop=$(attach disk.img)
	hide_other_disks "$loop"
	trap 'losetup -d "$loop"; rm -rf "$work"' EXIT
}

start_verifier() {
	printf '%s\n' "state = \"$work/state\"" "listen = { \"127.0.0.1:$PORT\" }" 'name = "test"' "ek-ca = { \"$work/ca\" }" \
		'default-policy = "uki"' 'judges = 1' 'max-evidence-per-machine = 100000' 'log = info' >bootgated.conf
	ctl authority init authority --verifier state --name 127.0.0.1 >/dev/null
	"$top/build/bootgated" -c bootgated.conf >bootgated.log 2>&1 &
	verifier_pid=$!
	wait_for 10 curl -sk -o null "https://127.0.0.1:$PORT/healthz"
	ctl policy apply "$top/policy/uki.conf" >/dev/null
}

LOG=$top/tests/data/eventlogs/qemu-ovmf-uki.bin
COMMAND_LINE='console=ttyS0 quiet panic=-1 noresume ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:none'

stop_verifier() {
	kill "$verifier_pid"
	wait "$verifier_pid" || :
}

# What the log says was measured, as values that are allowed.
add_references() {
	ctl eventlog show "$LOG" | awk '
		/^#/ { pcr = $5 + 0 }
		$1 == "sha256" { digest = $2 }
		/^  sha256/ && pcr == 4 { print "uki", digest; print "uki.kernels", digest }
		/^  sha256/ && pcr == 11 { print "uki.sections", digest }
		/"Linux initrd"/ && pcr == 9 { print "initrd", digest }' | sort -u >references
	while read -r list value; do
		ctl reference add "$list" "$value" >/dev/null
	done <references
	ctl reference add cmdline "$COMMAND_LINE" >/dev/null
}

# configure PORT LINE...
configure() {
	printf '%s\n' "verifier = https://127.0.0.1:$1" "tpm = ${TPM:-$TPM2TOOLS_TCTI}" "authority = $work/authority/authority.pem" \
		"tls-ca = $work/authority/tls-ca.pem" "event-log = $LOG" 'memory-overwrite = off' \
		'prompt = off' "network = ${NETWORK:-system}" >bootgate.conf
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" >>bootgate.conf
}

: >said
