# shellcheck shell=sh
# SPDX-License-Identifier: ISC
#
# Secure Boot's variables, for the cases about keys. Sourced after fixture.sh, used after fixture().
#
# The firmware of the machines has one certificate as PK, KEK and db: that of Debian's ovmf package, whose key is
# everybody's. A variable is changed as an update of any machine would change it: by a signed write from a running
# system, here one that powers off again.

VARIABLES_OWNER=7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a009
VARIABLES_ATTRIBUTES=NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS

# variables_key NAME: a new key and its certificate, WORLD/NAME.key and WORLD/NAME.pem.
variables_key() {
	openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$1" -days 30 -keyout "$WORLD/$1.key" -out "$WORLD/$1.pem" \
		2>/dev/null
}

# variables_list_certificate PEM, variables_list_digest: a signature list, in WORLD/list; the digest comes from stdin.
variables_list_certificate() {
	openssl x509 -in "$1" -outform DER -out "$WORLD/entry"
	sbsiglist --owner "$VARIABLES_OWNER" --type x509 --output "$WORLD/list" "$WORLD/entry"
}

variables_list_digest() {
	openssl dgst -sha256 -binary >"$WORLD/entry"
	sbsiglist --owner "$VARIABLES_OWNER" --type sha256 --output "$WORLD/list" "$WORLD/entry"
}

# variables_append NAME: an update that adds WORLD/list to a variable, signed by a key that the firmware trusts.
variables_append() {
	# Debian's passphrase is public.
	openssl rsa -in "$RIG_SNAKEOIL.key" -passin pass:snakeoil -out "$WORLD/snakeoil.key" 2>/dev/null
	sbvarsign --key "$WORLD/snakeoil.key" --cert "$RIG_SNAKEOIL.pem" --attr "$VARIABLES_ATTRIBUTES,APPEND_WRITE" \
		--include-attrs --output "$MACHINE/said/$1" "$1" "$WORLD/list"
}

# variables_set NAME KEY: an update that makes WORLD/list a variable, signed by variables_key()'s KEY.
variables_set() {
	sbvarsign --key "$WORLD/$2.key" --cert "$WORLD/$2.pem" --attr "$VARIABLES_ATTRIBUTES" \
		--include-attrs --output "$MACHINE/said/$1" "$1" "$WORLD/list"
}

# variables_write NAME...: the machine boots an image that writes the updates, and is off again with its own image.
variables_write() {
	if [ ! -e "$WORLD/uki-variables" ]; then
		"$RIG_TOP/initramfs/build" -o "$WORLD/initrd-variables" -k "$RIG_BUILD/kernel" "$RIG/files-variables"
		rig_uki "$WORLD/uki-variables" "$WORLD/initrd-variables" 'console=ttyS0 quiet panic=-1 no_timer_check'
	fi
	rig_esp "$MACHINE/esp.img" "$WORLD/uki-variables"
	machine_boot "$MACHINE"
	machine_end "$MACHINE"
	rig_esp "$MACHINE/esp.img" "$WORLD/boot/uki"
	for variables_name in "$@"; do
		rm "$MACHINE/said/$variables_name"
		machine_said "$MACHINE" "wrote $variables_name" || return 1
	done
}

# variables_policy: the shipped policy with all five lists of Secure Boot, WORLD/ruled.conf.
variables_policy() {
	sed 's/^\(\t\t\([a-z]*\) = \)ignored$/\1secure-boot.\2/' "$RIG_TOP/policy/uki.conf" >"$WORLD/ruled.conf"
}

# variables_learn: the operator tries that policy on the last boot, and follows the commands that the verdict tells.
variables_learn() {
	operator audit show "$(ctl "$VERIFIER" audit list --last 1 | sed -n '$s/ .*//p')" --case "$WORLD/case"
	"$CTL" appraise "$WORLD/case" --policy "$WORLD/ruled.conf" |
		sed -n 's/^reason .*: bootgatectl reference add \(secure-boot\..*\)$/\1/p' >"$WORLD/told"
	while read -r variables_list variables_value; do
		operator reference add "$variables_list" "$variables_value"
	done <"$WORLD/told"
	[ "$(wc -l <"$WORLD/told")" -eq 5 ]
}

# opens_once_learned: the machine boots and is denied while the lists are empty; filled from that, they let it open.
opens_once_learned() {
	machine_boot "$MACHINE"
	rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'DENIED' && names P1 'list secure-boot.pk is empty' &&
		variables_learn && machine_wait "$MACHINE" 'unlocked: root'
	learned_status=$?
	if [ $learned_status -eq 0 ]; then
		machine_end "$MACHINE"
	else
		machine_cut "$MACHINE"
	fi
	return $learned_status
}

# names_only CHECK...: what the verdict says is of these checks, and of each of them.
names_only() {
	tr -d '\r' <"$MACHINE/console" | grep -oE '\<[AP][0-9]+: ' | sort -u >"$WORLD/named"
	printf '%s: \n' "$@" | cmp -s - "$WORLD/named"
}
