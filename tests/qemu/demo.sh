#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The demo: a virtual machine with TPM, Secure Boot and an encrypted disk is installed and enrolled, asks for permission
# to boot and gets it, and is refused after its kernel was touched. Nothing is kept from an earlier run.

. "$(dirname "$0")/fixture.sh"

WORLD=$RIG_BUILD/demo
MACHINE=$WORLD/machine
VERIFIER=$WORLD/verifier

# time_passed: seconds since the demo began, to a tenth.
time_passed() {
	awk -v begun="$DEMO_BEGUN" '{ printf "%.1f", $1 - begun }' /proc/uptime
}

progress() {
	printf '[%6s s] %s\n' "$(time_passed)" "$*"
}

title() {
	printf '\n%s\n\n' "$*"
}

# show DIR [PATTERN]: what the agent and the initramfs say on the machine's console while it runs, until it is off, or
# until the console shows a line that matches PATTERN.
show() {
	show_lines=0
	while :; do
		show_off=0
		! machine_is_off "$1" || show_off=1
		# The prompt waits at the end of its line, where the next message begins.
		show_all=$(tr -d '\r' <"$1/console" | tr -cd '\n\t -~' | sed 's/\(asked for: \)\(bootgate: \)/\1\n\2/' |
			grep -E '^(bootgate|initramfs|Passphrase)[: ]' || :)
		show_new=$(printf '%s\n' "$show_all" | tail -n +$((show_lines + 1)))
		if [ -n "$show_new" ]; then
			show_lines=$(printf '%s\n' "$show_all" | wc -l)
			printf '%s\n' "$show_new" | while IFS= read -r line; do
				printf '[%6s s]     %s\n' "$(time_passed)" "$line"
			done
		fi
		[ $show_off = 0 ] || break
		[ -z "${2:-}" ] || ! machine_sees "$1" "$2" || break
		sleep 0.2
	done
}

DEMO_BEGUN=$(cut -d ' ' -f 1 /proc/uptime)
rm -rf "$WORLD"
mkdir -p "$WORLD"

title "bootgate: a machine gets its disk key only after a verifier has seen what booted"
rig_once "$RIG_BUILD/tpm-ca" rig_make_tpm_ca
world_authority "$WORLD"
world_images "$WORLD"
world_machine "$WORLD" p384 1

title "1. The machine is installed, and enrols itself and its disk at the verifier"
progress "power on: the installer boots under QEMU's plain emulation"
machine_boot "$MACHINE"
show "$MACHINE"
machine_end "$MACHINE"
world_installed "$WORLD"
progress "installed: a LUKS2 root whose key only the TPM and the verifier together can give"

title "2. It boots what the verifier knows, with nobody there to type"
machine_boot "$MACHINE"
show "$MACHINE"
machine_end "$MACHINE"
machine_said "$MACHINE" 'unlocked: root' || {
	tell "$MACHINE"
	progress "the root did NOT open"
	exit 1
}
progress "the root file system was opened, and its system ran"
progress "the agent sent $(commands | wc -l) TPM commands: $(commands | cut -d ' ' -f 1 | tr '\n' ' ')"

title "3. Its kernel is changed, and signed again with a key that Secure Boot accepts"
cp "$RIG_BUILD/kernel/vmlinuz" "$WORLD/vmlinuz"
echo tampered >>"$WORLD/vmlinuz"
rig_uki "$WORLD/tampered" "$WORLD/boot/initrd" "$RIG_COMMAND_LINE" "$WORLD/vmlinuz"
rig_esp "$MACHINE/esp.img" "$WORLD/tampered"
machine_boot "$MACHINE"
show "$MACHINE" 'next try in'
machine_sees "$MACHINE" 'DENIED' || {
	tell "$MACHINE"
	progress "it was NOT denied"
	exit 1
}
progress "denied: the disk stays closed, the passphrase prompt stands beside it, the agent asks again now and then"
machine_cut "$MACHINE"
verifier_stop "$VERIFIER"

title "What the verifier noted (build/qemu/demo/verifier; bootgatectl -c FILE audit list)"
ctl "$VERIFIER" audit list --last 5
printf '\n'
progress "done: let in when untouched, refused when its kernel was not"
