# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: ISC
#
# The world of the figures: a software TPM with an EK certificate, an authority and a verifier, tang, a LUKS2 volume in a file.
# Sourced by run, in name spaces of its own (see there); everything is below $WORK and ends with this process.

PORT=8443
TANG_PORT=8080
LOG=$TOP/tests/data/eventlogs/qemu-ovmf-uki.bin
COMMAND_LINE='console=ttyS0 quiet panic=-1 noresume ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:none'
SOCKET=$WORK/tpm.socket
TPM2TOOLS_TCTI=swtpm:path=$SOCKET
export TPM2TOOLS_TCTI

die() {
	echo "bench: $*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...
wait_for() {
	tries=$(($1 * 50))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.02
	done
}

# quietly NAME COMMAND...: what it says stays in $WORK/NAME.log, and is shown when it fails.
quietly() {
	said=$WORK/$1.log
	shift
	"$@" >>"$said" 2>&1 || {
		tail -n 20 "$said" >&2
		die "failed: $*"
	}
}

ctl() {
	"$TOP/build/bootgatectl" -c "$WORK/bootgated.conf" "$@"
}

# ---- the TPM

tpm_make() {
	mkdir "$WORK/tpm"
	cat >"$WORK/setup.conf" <<-END
		create_certs_tool = swtpm_localca
		create_certs_tool_config = $WORK/localca.conf
		create_certs_tool_options = $WORK/localca.options
	END
	cat >"$WORK/localca.conf" <<-END
		statedir = $WORK/ca
		signingkey = $WORK/ca/signkey.pem
		issuercert = $WORK/ca/issuercert.pem
		certserial = $WORK/ca/certserial
	END
	printf '%s\n' '--platform-manufacturer bootgate' '--platform-version 1' '--platform-model bench' >"$WORK/localca.options"
	quietly swtpm_setup swtpm_setup --tpm2 --tpmstate "$WORK/tpm" --create-ek-cert --pcr-banks sha256,sha384 --config "$WORK/setup.conf"
}

# tpm_on [OPTIONS...]: power, TPM2_Startup(CLEAR), and all that firmware and boot loader measure.
tpm_on() {
	swtpm socket --tpm2 --tpmstate dir="$WORK/tpm" --flags not-need-init,startup-clear "$@" \
		--server type=unixio,path="$SOCKET" --ctrl type=unixio,path="$SOCKET.ctrl" >"$WORK/swtpm.log" 2>&1 &
	tpm_pid=$!
	wait_for 5 test -S "$SOCKET.ctrl" || die "swtpm does not start: $(cat "$WORK/swtpm.log")"
	wait_for 5 test -S "$SOCKET" || die "swtpm does not start: $(cat "$WORK/swtpm.log")"
	rm -rf /run/bootgate
	"$BENCH/firmware" "$SOCKET" "$LOG" || die "the event log was not replayed"
}

tpm_off() {
	"$BENCH/firmware" "$SOCKET" || die "the TPM does not shut down"
	kill "$tpm_pid"
	wait "$tpm_pid" || :
	rm -f "$SOCKET" "$SOCKET.ctrl"
}

# ---- the verifier

# Reference values of the log that the TPM replays: what it measured as image, as section and as initrd.
references() {
	ctl eventlog show "$LOG" | awk '
		/^#/ { pcr = $5 + 0 }
		$1 == "sha256" { digest = $2 }
		/^  sha256/ && pcr == 4 { print "uki", digest; print "uki.kernels", digest }
		/^  sha256/ && pcr == 11 { print "uki.sections", digest }
		/"Linux initrd"/ && pcr == 9 { print "initrd", digest }'
}

verifier_make() {
	mkdir "$WORK/ca"
	cat >"$WORK/bootgated.conf" <<-END
		state = "$WORK/state"
		listen = { "127.0.0.1:$PORT" }
		name = "bench"
		ek-ca = { "$WORK/ca" }
		default-policy = "uki"
		judges = 1
		max-evidence-per-machine = 1000000
		log = info
	END
	quietly ctl ctl authority init "$WORK/authority" --verifier "$WORK/state" --name 127.0.0.1
	"$TOP/build/bootgated" -c "$WORK/bootgated.conf" >"$WORK/bootgated.log" 2>&1 &
	verifier_pid=$!
	wait_for 10 curl -sk -o "$WORK/null" "https://127.0.0.1:$PORT/healthz" || die "bootgated does not start: $(cat "$WORK/bootgated.log")"
	quietly ctl ctl policy apply "$TOP/policy/uki.conf"
	references | sort -u | while read -r list value; do
		quietly ctl ctl reference add "$list" "$value"
	done
	quietly ctl ctl reference add cmdline "$COMMAND_LINE"
}

# ---- the machine

machine_make() {
	cat >"$WORK/bootgate.conf" <<-END
		verifier = https://127.0.0.1:$PORT
		tpm = swtpm:path=$SOCKET
		authority = $WORK/authority/authority.pem
		tls-ca = $WORK/authority/tls-ca.pem
		event-log = $LOG
		prompt = off
		memory-overwrite = off
	END
	printf 'passphrase' >"$WORK/passphrase"
	truncate -s 24M "$WORK/volume"
	quietly cryptsetup cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
		--key-file "$WORK/passphrase" "$WORK/volume"
	LOOP=$(losetup --show -f "$WORK/volume") || die "no loop device"
	# Held open and given back at once, it is gone when the last of us ends, however that is.
	exec 9<"$LOOP"
	losetup -d "$LOOP"
	ctl enroll token >"$WORK/token" 2>>"$WORK/ctl.log"
	quietly bootgate "$BENCH/bootgate" --config "$WORK/bootgate.conf" enroll --token-file "$WORK/token" --label bench
	quietly bootgate "$BENCH/bootgate" --config "$WORK/bootgate.conf" luks-enroll --passphrase-file "$WORK/passphrase" "$LOOP"
}

# ---- the peers

tang_make() {
	mkdir "$WORK/tang"
	quietly tang /usr/libexec/tangd-keygen "$WORK/tang"
	socat TCP-LISTEN:$TANG_PORT,bind=127.0.0.1,reuseaddr,fork EXEC:"/usr/libexec/tangd $WORK/tang" >"$WORK/tangd.log" 2>&1 &
	wait_for 5 curl -s -o "$WORK/tang.adv" "http://127.0.0.1:$TANG_PORT/adv" || die "tang does not answer"
}

# clevis_make: the same 44 characters as a slot key has, under each pin.
clevis_make() {
	printf '%s' 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=' >"$WORK/slot-key"
	clevis encrypt tang "{\"url\":\"http://127.0.0.1:$TANG_PORT\",\"adv\":\"$WORK/tang.adv\"}" \
		<"$WORK/slot-key" >"$WORK/jwe.tang" 2>>"$WORK/clevis.log" || die "clevis encrypt tang: $(cat "$WORK/clevis.log")"
	clevis encrypt tpm2 '{}' <"$WORK/slot-key" >"$WORK/jwe.tpm2" 2>>"$WORK/clevis.log" ||
		die "clevis encrypt tpm2: $(cat "$WORK/clevis.log")"
}
