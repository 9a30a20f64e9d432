#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S7): a command line by which the kernel would look for a hibernation image is denied, though somebody put its image on the list: with resume=,
# and without noresume.

. "$(dirname "$0")/../qemu/fixture.sh"
fixture p384 2
verifier_start "$VERIFIER"
truncate -s 32M "$MACHINE/extra.img"
mkswap "$MACHINE/extra.img" >"$WORLD/mkswap.log" 2>&1
printf SWAPSPACE2S1SUSPEND | dd of="$MACHINE/extra.img" bs=1 seek=4076 conv=notrunc status=none
sum=$(sha256sum <"$MACHINE/extra.img")
without=$(echo "$RIG_COMMAND_LINE" | sed 's/ noresume//')
for words in "$without resume=/dev/vdd" "$RIG_COMMAND_LINE resume=/dev/vdd" "$without"; do
	rig_uki "$WORLD/other" "$WORLD/boot/initrd" "$words"
	rig_esp "$MACHINE/esp.img" "$WORLD/other"
	operator reference add "$WORLD/other"
	check "it is denied" is_denied
	case $words in
	*" resume="*) check "the denial names resume=" names P11 'has the word "resume="' ;;
	*) check "the denial names noresume" names P11 'noresume' ;;
	esac
done
untouched() {
	[ "$(sha256sum <"$MACHINE/extra.img")" = "$sum" ]
}
check "the image was not touched" untouched
done_testing "$MACHINE"
