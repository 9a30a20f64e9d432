#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S7, S27): with real mappings, what was checked is what is opened: a disk that is swapped in between, a header that
# changes, a table that differs in any one value lead to no mapping.  The checks are mappings.c's, inside of the machine.

. "$(dirname "$0")/rig.sh"

WORLD=$RIG_BUILD/cases/$(basename "$0" .sh)
rm -rf "$WORLD"
mkdir -p "$WORLD"
"$RIG_TOP/initramfs/build" -o "$WORLD/initrd" -k "$RIG_BUILD/kernel" -D MAPPINGS="$RIG_TOP/build/test-mappings" "$RIG/files-mappings"
for disk in a b; do
	truncate -s 40M "$WORLD/$disk.img"
	printf first | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
		--uuid 7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a001 "$WORLD/$disk.img" - || rig_die "cryptsetup cannot make a volume"
done
timeout -k 5 "$RIG_BOOT_LIMIT" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -machine q35,accel=tcg -m 512 \
	-kernel "$RIG_BUILD/kernel/vmlinuz" -initrd "$WORLD/initrd" -append 'console=ttyS0 quiet panic=-1 no_timer_check' \
	-serial "file:$WORLD/console" -serial "file:$WORLD/verdict" \
	-drive "file=$WORLD/a.img,format=raw,if=virtio,cache=unsafe" -drive "file=$WORLD/b.img,format=raw,if=virtio,cache=unsafe" \
	>"$WORLD/qemu.log" 2>&1 || rig_die "the machine did not end by itself"
tr -d '\r' <"$WORLD/verdict"
if grep -q '^not ok' "$WORLD/verdict" || ! grep -q '^1\.\.' "$WORLD/verdict"; then
	tell "$WORLD"
	exit 1
fi
