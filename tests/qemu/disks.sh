# shellcheck shell=sh disable=SC2016,SC2034
# SPDX-License-Identifier: ISC
#
# Disks of an attacker's making.  Sourced by the cases after fixture().

ROGUE_PASSPHRASE='rogue passphrase'
ROGUE_FAST='--pbkdf pbkdf2 --pbkdf-force-iterations 1000'

# rogue_system IMAGE: a file system with all that the honest one has, and tools for the TPM besides; its name is "rogue".
rogue_system() {
	rogue_tree=$WORLD/rogue
	mkdir -p "$rogue_tree"
	zstd -dc "$WORLD/boot/initrd" | (cd "$rogue_tree" && cpio -id --quiet)
	rm -rf "$rogue_tree/lib/modules" "$rogue_tree/init" "$rogue_tree"/etc/init.*
	for rogue_name in $(busybox --list); do
		[ -e "$rogue_tree/bin/$rogue_name" ] || ln -s busybox "$rogue_tree/bin/$rogue_name"
	done
	cp "$RIG/root-init" "$rogue_tree/sbin/init"
	chmod 755 "$rogue_tree/sbin/init"
	for rogue_file in "$(command -v tpm2)" $(ldd "$(command -v tpm2)" | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (0x.*/\1/p') \
		"$(find /usr/lib -name 'libtss2-tcti-device.so.0' | head -n 1)"; do
		mkdir -p "$rogue_tree$(dirname "$rogue_file")"
		cp -L "$rogue_file" "$rogue_tree$rogue_file"
	done
	echo rogue >"$rogue_tree/name"
	mkdir -p "$rogue_tree/var/lib/bootgate"
	machine_note "$WORLD/token" >"$rogue_tree/var/lib/bootgate/machine"
	rm -f "$1"
	mke2fs -q -t ext4 -d "$rogue_tree" "$1" 76M || rig_die "mke2fs cannot make a file system"
}

# machine_note TOKEN: what bootgate enroll leaves on a host, from what a token tells everybody.
machine_note() {
	perl -MMIME::Base64 -0777 -ne '
		/"ek":(\d+),"ak":(\d+),"nv":\[(\d+),(\d+)\]/ or die "no handles";
		printf "ek = 0x%08x\nak = 0x%08x\nnv = 0x%08x\nepoch = 1\nnv-next = 0x%08x\n", $1, $2, $3, $4;
		/"machine_key":"([^"]*)"/ or die "no machine key";
		print "machine-key = ", unpack("H*", decode_base64($1)), "\n"' "$1"
}

# What the rogue system does as root: asks the verifiers, would have its own disk enrolled, asks the TPM for what the index in ${1} holds, looks for what is open.
rogue_job() {
	cat <<-EOF
		echo "PCR 13 is \$(cat /sys/class/tpm/tpm0/pcr-sha256/13)"
		{ cat /etc/bootgate/bootgate.conf; echo give-up = 15; } >/run/bootgate.conf
		bootgate -c /run/bootgate.conf boot </dev/null >/run/asked 2>&1
		grep -E 'DENIED|approved|opened as|A[0-9]+:' /run/asked
		printf '%s' '$ROGUE_PASSPHRASE' >/run/passphrase
		bootgate luks-enroll --passphrase-file /run/passphrase /dev/vdb >/run/asked 2>&1
		echo "luks-enroll: exit \$?"
		grep -E 'DENIED|held|enrolled|approved|A[0-9]+:' /run/asked
		rm -rf /run/bootgate
		bootgate -c /run/bootgate.conf boot </dev/null >/run/asked 2>&1
		grep -E 'DENIED|approved|opened as|A[0-9]+:' /run/asked
		for auth in o $1; do
			: >/run/secret
			TPM2TOOLS_TCTI=device:/dev/tpmrm0 /usr/bin/tpm2 nvread -C \$auth -s 32 -o /run/secret $1 >/run/said 2>&1
			echo "index read as \$auth: status \$?, \$(wc -c </run/secret) bytes; \$(grep -o 'tpm:.*' /run/said | head -n 1)"
		done
		echo "mapped: \$(ls /dev/mapper | tr '\\n' ' ')"
	EOF
}

# The index that holds the secret, as a token says.
secret_index() {
	sed -n 's/.*"nv":\[\([0-9]*\),.*/\1/p' "$1" | xargs printf '0x%x'
}

# token_of DEVICE OUT: the bootgate token; token_slot FILE: the key slot that it names.
token_of() {
	token_number=$(cryptsetup luksDump "$1" | sed -n 's/^ *\([0-9]*\): bootgate$/\1/p')
	cryptsetup token export --token-id "$token_number" "$1" >"$2"
}
token_slot() {
	sed -n 's/.*"keyslots":\["\([0-9]*\)"\].*/\1/p' "$1"
}

# rogue_volume DEVICE UUID SYSTEM [TOKEN]: an encrypted volume that opens by ROGUE_PASSPHRASE, with that file system in it; and that token, whose key
# slot is there, too.
rogue_volume() {
	head -c 64 /dev/urandom >"$RIG_WORK/volume-key"
	printf %s "$ROGUE_PASSPHRASE" >"$RIG_WORK/passphrase"
	rm -f "$1"
	truncate -s 96M "$1"
	# shellcheck disable=SC2086
	cryptsetup luksFormat -q --type luks2 $ROGUE_FAST --uuid "$2" --sector-size 512 --cipher aes-xts-plain64 --key-size 512 \
		--volume-key-file "$RIG_WORK/volume-key" --key-file "$RIG_WORK/passphrase" "$1" || rig_die "cryptsetup cannot make a volume"
	"$RIG_TOP/build/test-payload" "$RIG_WORK/volume-key" "$3" "$1" 16777216 || rig_die "the volume cannot be filled"
	[ -n "${4:-}" ] || return 0
	# shellcheck disable=SC2086
	cryptsetup luksAddKey -q $ROGUE_FAST --key-slot "$(token_slot "$4")" --key-file "$RIG_WORK/passphrase" "$1" "$RIG_WORK/volume-key"
	cryptsetup token import --json-file "$4" "$1"
}

# nothing_honest_is_open: nothing of the machine's own, in the system that runs.
nothing_honest_is_open() {
	! machine_said "$MACHINE" "unlocked: luks-$FIXTURE_DATA_UUID" && ! machine_said "$MACHINE" 'root is root'
}

job_says() {
	tr -d '\r' <"$MACHINE/verdict" | grep -qE "$1"
}

# The header changes that an attacker can make, each on a copy of the honest disk WORLD/honest.img, with its token, under its UUID.  What he cannot
# know is what is in the key slots; WORLD/system is a file system of his, in the clear where nothing is encrypted.
FORGERIES='null-segment null-slot second-segment reencryption copies-differ newer-copy cipher offset size digest slot-kdf key other-volume'

# forged KIND OUT
forged() {
	forged_slot=$(token_slot "$WORLD/token")
	case $1 in
	key) rogue_volume "$2" "$FIXTURE_ROOT_UUID" "$WORLD/system" "$WORLD/token" && return ;;
	other-volume) rogue_volume "$2" 11111111-1111-4111-8111-111111111111 "$WORLD/system" "$WORLD/token" && return ;;
	esac
	cp --sparse=always "$WORLD/honest.img" "$2"
	set -- "$1" "$RIG/forge" "$2"
	case $1 in
	null-segment)
		dd if="$WORLD/system" of="$3" bs=1M seek=16 conv=notrunc,sparse status=none
		"$2" "$3" both 's/"aes-xts-plain64"(?=,"sector_size")/"cipher_null-ecb"/'
		;;
	null-slot) "$2" "$3" both 's/("'"$forged_slot"'":\{"type":"luks2".*?)"aes-xts-plain64"/$1"cipher_null-ecb"/' ;;
	second-segment) "$2" "$3" both 's/"segments":\{"0":(\{.*?\})/"segments":{"0":$1,"1":$1/' ;;
	reencryption) "$2" "$3" both 's/"config":\{/"config":{"requirements":{"mandatory":["online-reencrypt-v2"]},/' ;;
	copies-differ) "$2" "$3" second 's/"iv_tweak":"0"/"iv_tweak":"8"/' ;;
	newer-copy) "$2" "$3" second '$seqid++; s/"iv_tweak":"0"/"iv_tweak":"8"/' ;;
	cipher) "$2" "$3" both 's/"aes-xts-plain64"(?=,"sector_size")/"aes-cbc-essiv:sha256"/' ;;
	offset) "$2" "$3" both 's/"offset":"16777216"/"offset":"16781312"/' ;;
	size) "$2" "$3" both 's/"size":"dynamic"/"size":"8388608"/' ;;
	digest) "$2" "$3" both 's/("digests":\{"0":\{.*?"iterations":)(\d+)/$1 . ($2 + 1)/e' ;;
	slot-kdf) "$2" "$3" both 's/("'"$forged_slot"'":\{"type":"luks2".*?"iterations":)(\d+)/$1 . ($2 + 1)/e' ;;
	*) rig_die "what is a forgery of kind $1?" ;;
	esac || rig_die "no forgery of kind $1"
}

# forged_sentence KIND: what the console says of it, and what to do.
forged_sentence() {
	case $1 in
	null-*) echo 'stays shut: the LUKS2 header names the null cipher; .*find out who did.*luksHeaderRestore.*luks-enroll' ;;
	second-segment) echo 'stays shut: the LUKS2 header has another number of data segments than one; .*luksHeaderRestore.*luks-enroll' ;;
	reencryption) echo 'stays shut: finish the re-encryption, then run "bootgate luks-enroll"' ;;
	copies-differ) echo 'stays shut: two copies of the LUKS2 header with one sequence number differ; .*luksHeaderRestore.*luks-enroll' ;;
	newer-copy) echo "keyslot $(token_slot "$WORLD/token"): the two copies of the LUKS2 header disagree about this volume; .*luksHeaderRestore.*luks-enroll" ;;
	*) echo 'its LUKS2 header is not the one that was enrolled .*If you changed it.*luks-enroll.* If not, .*remove it' ;;
	esac
}
