#!/bin/sh
# SPDX-License-Identifier: ISC
# Boots that the verifier approves, with other disks than the machine's (S7, S27): a stranger's disk with a token, in front of ours and
# behind it; headers rewritten after the enrolment.  There is no device mapper here: a key that was handed out shows in the attempt to
# open.  Prints TAP.
# shellcheck disable=SC2317,SC2094,SC2016
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
# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"

# boot: a cold start, and a boot.
boot() {
	stop_tpm -c
	run_tpm
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate
	agent boot
}
handed_out() { says "$loop: not opened as"; }
shut() { ! handed_out && says 'approved under policy'; }
# forge DEVICE CODE
forge() { "$top/tests/qemu/forge" "$1" both "$2"; }

# attach_behind FILE DEVICE: as one that comes after that one in the kernel's order; what is free before is taken.
attach_behind() {
	attached=$(attach "$1")
	while [ "${attached#/dev/loop}" -lt "${2#/dev/loop}" ]; do
		losetup -d "$attached"
		held="$held $(attach held.img)"
		attached=$(attach "$1")
	done
}
held='' front='' loop='' behind=''
detach() {
	for device in $front $loop $behind $held; do
		losetup -d "$device" || :
	done
	rm -rf "$work"
}
trap detach EXIT
truncate -s 40M first.img second.img
truncate -s 1M held.img
front=$(attach first.img)
start_tpm sha256,sha384
start_verifier
add_references
configure "$PORT"
ctl enroll token >token 2>/dev/null
agent enroll --token-file token
ok "the machine is enrolled" ends 0
truncate -s 40M disk.img
printf first >passphrase
cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 disk.img passphrase
attach_behind disk.img "$front"
loop=$attached
attach_behind second.img "$loop"
behind=$attached
hide_other_disks "$front" "$loop" "$behind"
agent luks-enroll --passphrase-file passphrase "$loop"
ok "and a volume" ends 0
ok "before anything changes it is said what needs this again" says 'Run this again after a re-encryption, a new UUID, or a change of that key slot'
dd if="$loop" of=enrolled.img bs=1M status=none
uuid=$(cryptsetup luksUUID "$loop")
named="volume = one $uuid"

configure "$PORT" "$named" 'give-up = 8'
boot
ok "the key of the enrolled volume comes" handed_out

# --- a stranger's disk

# stranger DEVICE: a volume of another machine with the same handles in its TPM.
stranger() {
	dd if=enrolled.img of="$1" bs=1M conv=fsync status=none
	cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 "$1"
	forge "$1" 's/"machine_key":"....(.*?)"/"machine_key":"AAAA$1"/; s/"share":"....(.*?)"/"share":"ffff$1"/'
}
stranger "$front"
boot
ok "with a stranger's disk in front, the key comes" handed_out
ok "at the first try, since ours is named" silent 'DENIED'
ok "of the stranger's it is said whose it is, and what to do" says "$front stays shut: its token is another machine's.*luks-enroll"
configure "$PORT" 'give-up = 12'
boot
ok "where none is named, the stranger's is tried" says 'DENIED'
ok "and then ours" says 'trying as the machine that the token of another volume names'
ok "whose key comes" handed_out

# Where none is named, a stranger whose keys are at handles that this TPM does not have ends no waiting.
dd if=/dev/zero of="$front" bs=1M count=17 conv=fsync status=none
stranger "$behind"
forge "$behind" 's/"ek":(\d+)/"ek":2164326415/; s/"ak":(\d+)/"ak":2164359199/; s/"cache":\{.*?\}\]?\}/"cache":{}/'
sed -n 's/^uki //p' references >removed
while read -r value; do ctl reference remove uki "$value"; done <removed >removed.log
configure "$PORT" 'give-up = 8'
boot
ok "a machine that is denied goes on, though the stranger's keys are not in this TPM: 4" ends 4
ok "it says when" says 'next try in'
while read -r value; do ctl reference add uki "$value"; done <removed >removed.log
dd if=/dev/zero of="$behind" bs=1M count=17 conv=fsync status=none

# --- a rewritten header

configure "$PORT" "$named" 'give-up = 5'
slot=$(cryptsetup luksDump --dump-json-metadata "$loop" | tr -d ' \n' | sed -n 's/.*"keyslots":\["\([0-9]*\)"\],"version".*/\1/p')
while IFS='|' read -r what code sentence; do
	dd if=enrolled.img of="$loop" bs=1M conv=fsync status=none
	forge "$loop" "$code"
	boot
	ok "$what: no key comes" shut
	ok "$what: it is said, with what to do" says "$sentence"
done <<EOF
another offset|s/"offset":"16777216"/"offset":"16781312"/|is not the one that was enrolled.*luks-enroll
another cipher|s/"aes-xts-plain64"(?=,"sector_size")/"aes-cbc-essiv:sha256"/|is not the one that was enrolled.*luks-enroll
another digest|s/("digests":\\{"0":\\{.*?"iterations":)(\\d+)/\$1 . (\$2 + 1)/e|is not the one that was enrolled.*luks-enroll
our slot derived in another way|s/("$slot":\\{"type":"luks2".*?"iterations":)(\\d+)/\$1 . (\$2 + 1)/e|is not the one that was enrolled.*luks-enroll
EOF
dd if=enrolled.img of="$loop" bs=1M conv=fsync status=none
cryptsetup config --label new "$loop"
boot
ok "another label: the key comes" handed_out

# --- an approved boot that goes on otherwise (S7)

# A system that no approval vouches for must not pass for the approved one: it would enrol its own disk, which then opened by approval.
dd if=enrolled.img of="$loop" bs=1M conv=fsync status=none
boot
agent luks-enroll --passphrase-file passphrase "$loop"
ok "the system of an approved boot enrols a volume" ends 0
for way in shell passphrase "left --root $loop"; do
	dd if=enrolled.img of="$loop" bs=1M conv=fsync status=none
	boot
	# The way's options are words.
	# shellcheck disable=SC2086
	agent door $way
	ok "door $way after an approval" ends 0
	agent luks-enroll --passphrase-file passphrase "$loop"
	ok "nothing is enrolled then" ends 4
	ok "since the door shows more than the approval" says 'held.*decision'
	ok "which is said" says 'PCR 13 shows 2 events instead of the one that the approval left'
done
hold=$(ctl hold list | tail -n 1 | cut -d ' ' -f 1)
ctl hold approve "$hold" >hold.log
agent luks-enroll --passphrase-file passphrase "$loop"
ok "with an operator's yes it is" ends 0

# --- a copy

dd if=enrolled.img of="$loop" bs=1M conv=fsync status=none
dd if=enrolled.img of="$behind" bs=1M conv=fsync status=none
cryptsetup config --label new "$behind"
boot
ok "beside a copy of it, no key is used" shut
ok "both are named, with what to do" says "$loop is one of several devices with the same header.*remove the copy"

echo "1..$n"
exit "$bad"
