# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: ISC
#
# The world of the cases: an authority, a verifier, an installed and enrolled machine. Made once for a set of programs
# by a real installer boot, kept in build/qemu, and copied by each case, so that none sees what another did.
#
#   WORLD/authority   the authority's keys, as `bootgatectl authority init` makes them
#   WORLD/verifier    bootgated.conf, and the verifier's state
#   WORLD/machine     see rig.sh; root.img holds an enrolled LUKS2 volume
#   WORLD/boot        initrd and uki: what boots, and is known to the verifier

. "$(dirname "$0")/../qemu/rig.sh"

FIXTURE_PORT=8443
FIXTURE_URL=https://10.0.2.2:$FIXTURE_PORT
FIXTURE_PASSPHRASE='test passphrase'
FIXTURE_ROOT_UUID=7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a001
FIXTURE_DATA_UUID=7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a002
CTL=$RIG_PROGRAMS/bootgatectl

# ---- verifiers

# verifier_config DIR: (again) the configuration of the verifier in DIR, where it is now.
verifier_config() {
	mkdir -p "$1/ek-ca"
	cp "$RIG_BUILD/tpm-ca/issuercert.pem" "$RIG_BUILD/tpm-ca/swtpm-localca-rootca-cert.pem" "$1/ek-ca"
	cat >"$1/bootgated.conf" <<-EOF
		state = "$1/state"
		listen = { "127.0.0.1:$FIXTURE_PORT" }
		name = "$(basename "$1")"
		ek-ca = { "$1/ek-ca" }
		default-policy = "uki"
		judges = 1
		log = debug
	EOF
}

verifier_answers() {
	curl -sk -o /dev/null --max-time 2 "https://127.0.0.1:$FIXTURE_PORT/healthz"
}

# verifier_launch DIR: one that has no delegation yet does not answer.
verifier_launch() {
	verifier_config "$1"
	"$RIG_PROGRAMS/bootgated" -c "$1/bootgated.conf" >>"$1/log" 2>&1 9>&- &
	echo $! >"$1/pid"
	echo $! >>"$RIG_WORK/pids"
}

# verifier_start DIR
verifier_start() {
	verifier_launch "$1"
	rig_wait 10 verifier_answers || rig_die "the verifier does not start: $(tail -n 5 "$1/log")"
}

# verifier_stop DIR
verifier_stop() {
	verifier_pid=$(cat "$1/pid")
	kill "$verifier_pid"
	wait "$verifier_pid" || :
	rm -f "$1/pid"
}

# ctl DIR ARGUMENTS...: the operator's tool on the verifier in DIR.
ctl() {
	ctl_dir=$1
	shift
	"$CTL" -c "$ctl_dir/bootgated.conf" "$@"
}

# operator ARGUMENTS...: the same on the case's verifier, what it prints kept in the log.
operator() {
	ctl "$VERIFIER" "$@" >>"$VERIFIER/log" 2>&1
}

# verifier_requests DIR: how many HTTP requests it has answered so far, without the rig's own.
verifier_requests() {
	grep 'debug: desk: .*: [A-Z_]*: [0-9]*$' "$1/log" | grep -vc ': HEALTH: ' || :
}

# ---- images

# fixture_initrd OUT LIST WORLD [BOOTGATE]: an initramfs with the world's keys.
fixture_initrd() {
	cat >"$RIG_WORK/bootgate.conf" <<-EOF
		verifier = $FIXTURE_URL
		volume = root $FIXTURE_ROOT_UUID
	EOF
	"$RIG_TOP/initramfs/build" -o "$1" -k "$RIG_BUILD/kernel" -D BOOTGATE="$RIG_PROGRAMS/bootgate" \
		-D CONFIG="$RIG_WORK/bootgate.conf" -D AUTHORITY="$3/authority/authority.pem" \
		-D TLS_CA="$3/authority/tls-ca.pem" "$RIG/$2"
}

# ---- the world

# May be replaced: told what is being made, since that takes a while.
progress() {
	echo "# $*"
}

# world_authority WORLD: the keys, and a running verifier that the authority delegated.
world_authority() {
	mkdir -p "$1/verifier"
	progress "an authority, and a verifier that it vouches for"
	"$CTL" authority init "$1/authority" --verifier "$1/verifier/state" --name 10.0.2.2 >>"$1/verifier/log" 2>&1
	verifier_start "$1/verifier"
	ctl "$1/verifier" policy apply "$RIG_TOP/policy/uki.conf" >>"$1/verifier/log" 2>&1
}

# world_images WORLD: what boots, in the verifier's list; and the installer, which is not.
world_images() {
	mkdir -p "$1/boot"
	progress "a signed kernel image with the agent in it, and its digests in the verifier's list"
	fixture_initrd "$1/boot/initrd" files "$1"
	rig_uki "$1/boot/uki" "$1/boot/initrd" "$RIG_COMMAND_LINE"
	ctl "$1/verifier" reference add "$1/boot/uki" >/dev/null
	fixture_initrd "$1/boot/initrd-install" files-install "$1"
	rig_uki "$1/boot/uki-install" "$1/boot/initrd-install" "$RIG_COMMAND_LINE"
}

# world_new_machine WORLD DIR KIND VOLUMES TOKEN-FILE: a new machine in DIR, told what to install; the first volume is
# the root.
world_new_machine() {
	machine_new "$2" "$3"
	printf 'vdb root %s\n' "$FIXTURE_ROOT_UUID" >"$2/said/volumes"
	if [ "$4" = 2 ]; then
		truncate -s 40M "$2/data.img"
		printf 'vdc data %s\n' "$FIXTURE_DATA_UUID" >>"$2/said/volumes"
	fi
	cp "$5" "$2/said/token"
	echo "$FIXTURE_URL" >"$2/said/verifier"
	echo "--label $3 --key $3" >"$2/said/enroll"
	rig_esp "$2/esp.img" "$1/boot/uki-install"
}

# world_machine WORLD KIND VOLUMES: the machine of this world.
world_machine() {
	progress "a machine with a TPM ($2), Secure Boot, and $3 empty disk(s)"
	ctl "$1/verifier" enroll token >"$RIG_WORK/token" 2>>"$1/verifier/log"
	world_new_machine "$1" "$1/machine" "$2" "$3" "$RIG_WORK/token"
}

# world_installed WORLD: after the installer boot: what the machine boots from now on.
world_installed() {
	if ! machine_said "$1/machine" installed; then
		tell "$1/machine"
		tail -n 20 "$1/verifier/log" | sed 's/^/# verifier: /'
		rig_die "the installer boot failed"
	fi
	rm -f "$1"/machine/said/*
	rig_esp "$1/machine/esp.img" "$1/boot/uki"
}

# fixture_make NEW KIND VOLUMES: see above; KIND as for rig_tpm(), VOLUMES 1 or 2.
fixture_make() {
	mkdir -p "$1"
	# The TPM's CA must be there before a verifier can trust it.
	progress "making a world for the cases ($2, $3 volume(s)); later cases use it again"
	rig_once "$RIG_BUILD/tpm-ca" rig_make_tpm_ca
	world_authority "$1"
	world_images "$1"
	world_machine "$1" "$2" "$3"
	progress "the installer boot, which enrols the machine and its volumes"
	machine_boot "$1/machine"
	machine_end "$1/machine"
	world_installed "$1"
	verifier_stop "$1/verifier"
}

# What a fixture depends on.
fixture_hash() {
	cat "$RIG_PROGRAMS"/bootgate "$RIG_PROGRAMS"/bootgated* "$RIG_PROGRAMS"/bootgatectl "$RIG_TOP"/initramfs/* \
		"$RIG_TOP/policy/uki.conf" "$RIG"/rig.sh "$RIG"/fixture.sh "$RIG"/files* "$RIG"/*.local "$RIG/root-init" |
		sha256sum | cut -c 1-12
}

# fixture [KIND] [VOLUMES]: sets WORLD, VERIFIER, MACHINE to a copy that belongs to this case.
fixture() {
	fixture_name=$(fixture_hash)-${1:-p384}-${2:-1}
	rig_once "$RIG_BUILD/world-$fixture_name" fixture_make "${1:-p384}" "${2:-1}"
	WORLD=$RIG_BUILD/cases/$(basename "$0" .sh)
	VERIFIER=$WORLD/verifier
	MACHINE=$WORLD/machine
	rm -rf "$WORLD"
	mkdir -p "$WORLD"
	cp -a --sparse=always --reflink=auto "$RIG_BUILD/world-$fixture_name/." "$WORLD"
	rm -f "$MACHINE/verdict" "$MACHINE/console" "$MACHINE/tpm.log" "$VERIFIER/log"
	verifier_config "$VERIFIER"
}

# ---- what the cases ask for

# boots_through: the machine boots, its volumes open, its system runs to the end.
boots_through() {
	machine_boot "$MACHINE"
	machine_wait "$MACHINE" 'unlocked: root'
	boots_status=$?
	machine_end "$MACHINE"
	return $boots_status
}

# does_not_open PATTERN: the machine boots until its console shows that, with nothing opened; then its power goes.
does_not_open() {
	machine_boot "$MACHINE"
	shut_status=0
	rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" "$1" || shut_status=1
	! machine_said "$MACHINE" 'unlocked: .*' || shut_status=1
	machine_cut "$MACHINE"
	return $shut_status
}

# is_denied: by a verdict. is_refused: without one.
is_denied() {
	does_not_open 'next try in' && machine_sees "$MACHINE" 'DENIED'
}

is_refused() {
	does_not_open 'next try in' && ! machine_sees "$MACHINE" 'DENIED'
}

# names CHECK PATTERN: the denial names that check, with a reason that matches.
names() {
	machine_sees "$MACHINE" "$1: .*$2"
}

# says PATTERN, said PATTERN: on the console; on the private port.
says() {
	machine_sees "$MACHINE" "$1"
}

said() {
	machine_said "$MACHINE" "$1"
}

# commands: the TPM commands of the agent in the last boot, one a line, without the device TCTI's probe.
commands() {
	"$RIG/tpmlog" -m "$MACHINE/tpm.log" | grep -v '^GetRandom 12 '
}

sends_at_most() {
	[ "$(commands | wc -l)" -le "$1" ]
}

# sends COMMAND: whether the agent sent it, and the TPM did it.
sends() {
	commands | grep -qE "^$1 [0-9]+ 0x00000000\$"
}
