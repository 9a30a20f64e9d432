# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: ISC
#
# The rig: machines with a TPM (swtpm), Secure Boot (OVMF with the snakeoil keys of Debian's package) and encrypted
# disks, under QEMU's plain emulation. Sourced by the numbered cases and by demo.sh.
#
# A machine is a folder:   esp.img root.img [data.img]   its disks: vda, vdb, vdc; then extra.img, more1.img ... more9.img
#                          vars.fd                       the firmware's variables
#                          tpm/                          the TPM's state
#                          said/NAME                     files the guest finds as opt/org.bootgate/NAME (fw_cfg)
#                          memory                        if it is there: the guest's RAM
#                          links                         QEMU's arguments for its network, where it is another
#                          verdict console tpm.log       what the last boot left: the lines of the private serial
#                                                        port, the console, the TPM's traffic
# Everything is made under build/qemu; nothing of the host is changed, no service of the host is used.

set -eu
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

RIG_TOP=$(cd "$(dirname "$0")/../.." && pwd)
RIG=$RIG_TOP/tests/qemu
RIG_BUILD=${RIG_BUILD:-$RIG_TOP/build/qemu}
RIG_PROGRAMS=${RIG_PROGRAMS:-$RIG_TOP/build}
RIG_OVMF=${RIG_OVMF:-/usr/share/OVMF}
RIG_SNAKEOIL=${RIG_SNAKEOIL:-/usr/share/ovmf/PkKek-1-snakeoil}
RIG_STUB=${RIG_STUB:-/usr/lib/systemd/boot/efi/linuxx64.efi.stub}
# After this many seconds a boot is ended by force. A healthy one takes some 10 s when it is alone.
RIG_BOOT_LIMIT=${RIG_BOOT_LIMIT:-240}
# no_timer_check: an emulated timer that comes late on a busy host is no broken one.
RIG_COMMAND_LINE='console=ttyS0 quiet panic=-1 no_timer_check noresume ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:none'
mkdir -p "$RIG_BUILD"

rig_die() {
	echo "Bail out! $*"
	exit 1
}

# rig_wait SECONDS COMMAND...: until the command succeeds; false when the time is over.
rig_wait() {
	rig_tries=$(($1 * 10))
	shift
	until "$@"; do
		rig_tries=$((rig_tries - 1))
		[ $rig_tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# rig_once TARGET FUNCTION ARGUMENTS...: makes TARGET once, also when two cases want it at the same time. The function
# gets a name to write to before its arguments; only when it is done the target appears.
rig_once() {
	exec 9>"$1.lock"
	flock 9
	if [ ! -e "$1" ]; then
		rm -rf "$1.new"
		rig_make "$@" 9>&-
		mv "$1.new" "$1"
	fi
	exec 9>&-
}

rig_make() {
	rig_new=$1.new
	rig_maker=$2
	shift 2
	"$rig_maker" "$rig_new" "$@"
}

# ---- what boots

# Debian's kernel for virtual machines, unpacked and not installed: vmlinuz and lib/modules/VERSION.
rig_kernel_package() {
	apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1
}

rig_make_kernel() {
	package=$(rig_kernel_package)
	if [ -z "$package" ]; then
		apt-get -qq update || :
		package=$(rig_kernel_package)
	fi
	[ -n "$package" ] || rig_die "apt knows no linux-image-cloud-amd64"
	mkdir -p "$1/package"
	(cd "$1/package" && apt-get -qq -o APT::Sandbox::User=root download "$package")
	dpkg-deb -x "$1"/package/*.deb "$1/package"
	mkdir "$1/lib"
	mv "$1/package/lib/modules" "$1/lib/modules"
	mv "$1"/package/boot/vmlinuz-* "$1/vmlinuz"
	rm -rf "$1/package"
	for version in "$1"/lib/modules/*; do
		depmod -b "$1" "$(basename "$version")"
	done
}

# rig_uki OUT INITRD COMMAND-LINE [KERNEL]: a signed unified kernel image from systemd's stub.
rig_uki() {
	uki_work=$(mktemp -d "$RIG_WORK/uki.XXXXXX")
	printf 'ID=bootgate-test\nVERSION_ID=1\nPRETTY_NAME="bootgate test machine"\n' >"$uki_work/osrel"
	printf '%s' "$3" >"$uki_work/cmdline"
	cp "${4:-$RIG_BUILD/kernel/vmlinuz}" "$uki_work/linux"
	cp "$2" "$uki_work/initrd"
	# The new sections follow the stub's own, each at a page of its own.
	uki_at=0
	for line in $(objdump -h "$RIG_STUB" | awk '$1 ~ /^[0-9]+$/ { print $3 ":" $4 }'); do
		end=$((0x${line%:*} + 0x${line#*:}))
		[ $end -le $uki_at ] || uki_at=$end
	done
	set -- "$1"
	for section in osrel cmdline linux initrd; do
		uki_at=$(((uki_at + 4095) / 4096 * 4096))
		set -- "$@" --add-section ".$section=$uki_work/$section" \
			--change-section-vma ".$section=$(printf '%#x' $uki_at)"
		uki_at=$((uki_at + $(wc -c <"$uki_work/$section")))
	done
	uki_out=$1
	shift
	objcopy "$@" "$RIG_STUB" "$uki_work/unsigned"
	# The key of Debian's ovmf package is everybody's, and so is its passphrase.
	openssl rsa -in "$RIG_SNAKEOIL.key" -passin pass:snakeoil -out "$uki_work/key" 2>/dev/null
	sbsign --key "$uki_work/key" --cert "$RIG_SNAKEOIL.pem" --output "$uki_out" "$uki_work/unsigned" 2>"$uki_work/said" ||
		rig_die "sbsign: $(cat "$uki_work/said")"
	rm -rf "$uki_work"
}

# rig_esp OUT UKI [FILE PATH]...: a FAT image whose UKI the firmware starts; more files as given.
rig_esp() {
	esp_out=$1
	rm -f "$esp_out"
	truncate -s 64M "$esp_out"
	mformat -i "$esp_out" -F -v ESP ::
	mmd -i "$esp_out" ::EFI ::EFI/BOOT
	mcopy -i "$esp_out" "$2" ::EFI/BOOT/BOOTX64.EFI
	shift 2
	while [ $# -ge 2 ]; do
		mmd -i "$esp_out" -D s "::$(dirname "$2")" 2>/dev/null || :
		mcopy -i "$esp_out" "$1" "::$2"
		shift 2
	done
}

# ---- the TPM

# swtpm's own CA, kept in the build folder: an EK certificate of these machines ends at it.
rig_make_tpm_ca() {
	mkdir -p "$1"
	ca=${1%.new}
	cat >"$1/setup.conf" <<-EOF
		create_certs_tool = $(command -v swtpm_localca)
		create_certs_tool_config = $ca/localca.conf
		create_certs_tool_options = $ca/localca.options
		active_pcr_banks = sha256,sha384
	EOF
	cat >"$1/localca.conf" <<-EOF
		statedir = $ca
		signingkey = $ca/signkey.pem
		issuercert = $ca/issuercert.pem
		certserial = $ca/certserial
	EOF
	printf '%s\n' '--platform-manufacturer bootgate' '--platform-version 1' '--platform-model QEMU' >"$1/localca.options"
	# The CA comes to be with its first certificate: one that nobody uses.
	mv "$1" "$ca"
	swtpm_localca --type ek --tpm2 --dir "$RIG_WORK" --vmid nobody --ek "$(printf '%0512d' 1)" --logfile "$RIG_WORK/localca.log" \
		--tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 164 \
		--tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:20191023 \
		--configfile "$ca/localca.conf" --optsfile "$ca/localca.options" ||
		rig_die "swtpm_localca: $(cat "$RIG_WORK/localca.log")"
	mv "$ca" "$1"
}

# rig_tpm_tools DIR COMMAND...: runs tpm2-tools against a TPM's state, outside of any machine.
rig_tpm_tools() {
	tools_dir=$(mktemp -d "$RIG_WORK/tpm.XXXXXX")
	swtpm socket --tpm2 --tpmstate dir="$1" --flags not-need-init,startup-clear \
		--server type=unixio,path="$tools_dir/s" --ctrl type=unixio,path="$tools_dir/s.ctrl" \
		>"$tools_dir/log" 2>&1 9>&- &
	tools_pid=$!
	echo $tools_pid >>"$RIG_WORK/pids"
	shift
	rig_wait 5 test -S "$tools_dir/s.ctrl" || rig_die "swtpm does not start: $(cat "$tools_dir/log")"
	(
		TPM2TOOLS_TCTI=swtpm:path=$tools_dir/s
		export TPM2TOOLS_TCTI
		cd "$tools_dir"
		"$@"
	) || rig_die "$* failed"
	kill $tools_pid
	wait $tools_pid || :
	rm -rf "$tools_dir"
}

rig_tpm_without_p384() {
	tpm2_nvundefine -Q -C p 0x01C00016
	tpm2_evictcontrol -Q -C o -c 0x81010016
}

# An EK of the P-256 template with a certificate by swtpm's CA, which swtpm_setup does not make.
rig_tpm_with_p256() {
	rig_tpm_without_p384
	tpm2_createek -Q -G ecc -c ek.ctx -f pem -u ek.pem
	tpm2_flushcontext -Q -t
	point=$(openssl pkey -pubin -in ek.pem -outform DER | od -An -v -tx1 | tr -d ' \n' | tail -c 128)
	swtpm_localca --type ek --tpm2 --dir . --vmid p256 --logfile localca.log \
		--ek "x=$(echo "$point" | cut -c 1-64),y=$(echo "$point" | cut -c 65-128),id=secp256r1" \
		--tpm-spec-family 2.0 --tpm-spec-level 0 --tpm-spec-revision 164 \
		--tpm-manufacturer id:00001014 --tpm-model swtpm --tpm-version id:20191023 \
		--configfile "$RIG_BUILD/tpm-ca/localca.conf" --optsfile "$RIG_BUILD/tpm-ca/localca.options"
	tpm2_nvdefine -Q -C p -s "$(wc -c <ek.cert)" -a 'ppwrite|ppread|ownerread|authread|no_da|platformcreate|writedefine' \
		0x01C0000A
	tpm2_nvwrite -Q -C p -i ek.cert 0x01C0000A
}

# rig_tpm DIR KIND: a new TPM whose first EK with a certificate is of KIND: p384, p256 or rsa2048. The first kind has
# two active banks; with one the firmware is faster.
rig_tpm() {
	rig_once "$RIG_BUILD/tpm-ca" rig_make_tpm_ca
	mkdir -p "$1"
	swtpm_setup --tpm2 --tpm-state "dir://$1" --overwrite --pcr-banks "sha256$([ "$2" != p384 ] || echo ,sha384)" \
		--create-ek-cert --create-platform-cert --config "$RIG_BUILD/tpm-ca/setup.conf" \
		--logfile "$1/setup.log" >/dev/null || rig_die "swtpm_setup: $(cat "$1/setup.log")"
	case $2 in
	p384) ;;
	p256) rig_tpm_tools "$1" rig_tpm_with_p256 ;;
	rsa2048) rig_tpm_tools "$1" rig_tpm_without_p384 ;;
	*) rig_die "no EK of kind $2" ;;
	esac
}

# ---- machines

# machine_new DIR KIND: a machine with an empty disk for the root, Secure Boot on, a TPM with an EK of KIND.
machine_new() {
	mkdir -p "$1/said"
	cp "$RIG_OVMF/OVMF_VARS_4M.snakeoil.fd" "$1/vars.fd"
	truncate -s 96M "$1/root.img"
	rig_tpm "$1/tpm" "$2"
}

# machine_copy FROM TO
machine_copy() {
	rm -rf "$2"
	mkdir -p "$2"
	cp -a --sparse=always --reflink=auto "$1/." "$2"
	rm -f "$2/verdict" "$2/console" "$2/tpm.log"
}

# machine_boot DIR: power on. Returns at once. RIG_TPM_FAULT="COMMAND FAULT TIMES": what its TPM does wrong (tpm-proxy.c).
machine_boot() {
	boot_run=$(mktemp -d "$RIG_WORK/run.XXXXXX")
	echo "$1" >>"$RIG_WORK/boots"
	ln -sfn "$boot_run" "$1/run"
	rm -f "$1/verdict" "$1/console" "$1/tpm.log" "$1/typed"
	: >"$1/verdict"
	: >"$1/console"
	# swtpm and QEMU get absolute paths; the sockets' are short.
	boot_dir=$(cd "$1" && pwd)
	boot_tpm=$boot_run/tpm${RIG_TPM_FAULT:+.real}
	swtpm socket --tpm2 --tpmstate dir="$boot_dir/tpm" --ctrl type=unixio,path="$boot_tpm" --terminate \
		--log level=4,file="$boot_dir/tpm.log" >/dev/null 2>&1 9>&- &
	echo $! >>"$RIG_WORK/pids"
	if [ -n "${RIG_TPM_FAULT:-}" ]; then
		rig_wait 5 test -S "$boot_tpm" || rig_die "swtpm does not start"
		# The fault is three words.
		# shellcheck disable=SC2086
		"$RIG_PROGRAMS/test-tpm-proxy" "$boot_run/tpm" "$boot_tpm" $RIG_TPM_FAULT 9>&- &
		echo $! >>"$RIG_WORK/pids"
	fi
	mkfifo "$boot_run/console.in" "$boot_run/console.out"
	cat "$boot_run/console.out" >"$boot_dir/console" 9>&- &
	echo $! >>"$RIG_WORK/pids"
	rig_wait 5 test -S "$boot_run/tpm" || rig_die "swtpm does not start"

	set --
	for disk in esp root data extra more1 more2 more3 more4 more5 more6 more7 more8 more9; do
		[ ! -e "$boot_dir/$disk.img" ] ||
			set -- "$@" -drive "if=none,id=$disk,format=raw,cache=unsafe,file=$boot_dir/$disk.img" \
				-device "virtio-blk-pci,drive=$disk$([ $disk != esp ] || echo ,bootindex=0)"
	done
	[ ! -e "$boot_dir/memory" ] ||
		set -- "$@" -object "memory-backend-file,id=ram,size=768M,share=on,mem-path=$boot_dir/memory" -machine memory-backend=ram
	for file in "$boot_dir"/said/*; do
		[ ! -e "$file" ] || set -- "$@" -fw_cfg "name=opt/org.bootgate/$(basename "$file"),file=$file"
	done
	boot_links='-netdev user,id=net -device virtio-net-pci,netdev=net,romfile='
	[ ! -r "$boot_dir/links" ] || boot_links=$(cat "$boot_dir/links")
	# shellcheck disable=SC2086 # arguments
	(
		timeout -k 5 "$RIG_BOOT_LIMIT" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
			-machine q35,smm=on,accel=tcg -cpu max -m 768 -pidfile "$boot_run/pid" \
			-global driver=cfi.pflash01,property=secure,value=on \
			-drive "if=pflash,unit=0,format=raw,readonly=on,file=$RIG_OVMF/OVMF_CODE_4M.secboot.fd" \
			-drive "if=pflash,unit=1,format=raw,file=$boot_dir/vars.fd" \
			-chardev socket,id=tpm,path="$boot_run/tpm" -tpmdev emulator,id=tpm0,chardev=tpm \
			-device tpm-crb,tpmdev=tpm0 \
			-chardev pipe,id=console,path="$boot_run/console" -serial chardev:console \
			-serial "file:$boot_dir/verdict" \
			$boot_links "$@" >"$boot_dir/qemu.log" 2>&1 && status=0 || status=$?
		echo "$status" >"$boot_run/ended"
	) 9>&- &
	echo $! >>"$RIG_WORK/pids"
}

# machine_memory DIR FILE: its RAM as it is now; the machine stands still meanwhile.
machine_memory() {
	kill -STOP "$(cat "$1/run/pid")"
	cp --sparse=always --reflink=auto "$1/memory" "$2"
	kill -CONT "$(cat "$1/run/pid")"
}

machine_is_off() {
	[ -e "$1/run/ended" ]
}

# machine_said DIR PATTERN: whether a whole line of the verdict port matches the extended expression.
machine_said() {
	tr -d '\r' <"$1/verdict" | grep -qxE "$2"
}

machine_said_or_is_off() {
	machine_said "$1" "$2" || machine_is_off "$1"
}

# machine_wait DIR PATTERN [SECONDS]: until the machine has said that; false when it ended or the time is over.
machine_wait() {
	rig_wait "${3:-$RIG_BOOT_LIMIT}" machine_said_or_is_off "$1" "$2" && machine_said "$1" "$2"
}

# machine_end DIR: until the machine is off; by force when it is not in time.
machine_end() {
	if ! rig_wait $((RIG_BOOT_LIMIT + 10)) machine_is_off "$1"; then
		echo "# the machine did not end by itself"
		kill -KILL "$(cat "$1/run/pid")"
		rig_wait 10 machine_is_off "$1" || rig_die "QEMU does not end"
	fi
	rm -rf "$(readlink "$1/run")" "$1/run"
}

# machine_cut DIR: the power goes, at once.
machine_cut() {
	machine_is_off "$1" || kill -KILL "$(cat "$1/run/pid")"
	machine_end "$1"
}

# machine_type DIR TEXT: types a line at the console.
machine_type() {
	# Opened for reading as well, so that it does not wait for a machine that is off.
	[ ! -p "$1/run/console.in" ] || printf '%s\n' "$2" 1<>"$1/run/console.in"
}

# machine_sees DIR PATTERN: whether a line on the console matches.
machine_sees() {
	tr -d '\r' <"$1/console" | grep -qE "$2"
}

# ---- TAP

TAP_COUNT=0
TAP_FAILED=0

# check SENTENCE COMMAND...: one test: it passes when the command succeeds.
check() {
	TAP_COUNT=$((TAP_COUNT + 1))
	tap_sentence=$1
	shift
	if "$@"; then
		echo "ok $TAP_COUNT - $tap_sentence"
	else
		echo "not ok $TAP_COUNT - $tap_sentence"
		TAP_FAILED=$((TAP_FAILED + 1))
	fi
}

# tell DIR: the last boot's console and verdict as TAP comments, for a test that failed.
tell() {
	for tap_file in verdict console; do
		tr -d '\r' <"$1/$tap_file" | tail -n 40 | tr -cd '\n\t -~' | sed "s/^/# $tap_file: /"
	done
}

# done_testing [DIR]...: the plan; on failure what the machines said last, and their folders stay.
done_testing() {
	if [ $TAP_FAILED -gt 0 ]; then
		for tap_machine in "$@"; do
			tell "$tap_machine"
		done
	fi
	[ ! -e "$RIG_WORK/boots" ] || echo "# count: $(wc -l <"$RIG_WORK/boots") boots in QEMU"
	echo "1..$TAP_COUNT"
	[ $TAP_FAILED -eq 0 ] || return 1
	[ -z "${WORLD:-}" ] || rm -rf "$WORLD"
}

# ---- the start

# Every case has a network of its own, so that guests side by side find their verifiers at the same address. What is
# fetched is fetched before that.
if [ -z "${RIG_NETWORK:-}" ]; then
	rig_once "$RIG_BUILD/kernel" rig_make_kernel
	for rig_own in 'unshare -n' 'unshare -rn'; do
		if $rig_own true 2>/dev/null; then
			# shellcheck disable=SC2016
			RIG_NETWORK=own exec $rig_own sh -c 'ip link set lo up && exec sh "$0" "$@"' "$0" "$@"
		fi
	done
	RIG_NETWORK=shared
fi

# What this process started is ended by its number on every way out.
RIG_WORK=$(mktemp -d)
: >"$RIG_WORK/pids"
rig_end() {
	while read -r pid; do
		kill "$pid" 2>/dev/null || :
	done <"$RIG_WORK/pids"
	rm -rf "$RIG_WORK"
}
trap rig_end EXIT
trap 'exit 1' HUP INT TERM
