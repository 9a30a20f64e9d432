#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S7, S8): what an approval opened is not there for who gets a shell, nor for a root that is none of the volumes.

. "$(dirname "$0")/fixture.sh"
fixture p384
verifier_start "$VERIFIER"
# boots_with WORDS: the machine boots, approved, with these on its command line.
boots_with() {
	rig_uki "$WORLD/other" "$WORLD/boot/initrd" "$RIG_COMMAND_LINE $1"
	rig_esp "$MACHINE/esp.img" "$WORLD/other"
	ctl "$VERIFIER" reference add "$WORLD/other" >"$WORLD/said"
	machine_boot "$MACHINE"
}

cat >"$MACHINE/said/shell" <<'EOT'
echo "shell sees: $(ls /dev/mapper | tr '\n' ' ')"
EOT
boots_with root=/dev/nothing
check "a shell comes where the root cannot be mounted" machine_wait "$MACHINE" 'step shell'
check "the volume had been opened by approval" says 'opened as root by approval'
check "it is closed in the shell" machine_wait "$MACHINE" 'shell sees: control ' 20
machine_end "$MACHINE"

# A disk of somebody else's, with a system that would look for data.
system=$WORLD/system
mkdir -p "$system/bin" "$system/sbin" "$system/proc" "$system/sys" "$system/dev" "$system/run"
cp "$(command -v busybox)" "$system/bin/busybox"
for name in sh cat ls mount poweroff sync; do
	ln -s busybox "$system/bin/$name"
done
cp "$RIG/root-init" "$system/sbin/init"
chmod 755 "$system/sbin/init"
echo rogue >"$system/name"
mke2fs -q -t ext4 -d "$system" "$MACHINE/extra.img" 40M
boots_with root=/dev/vdc
check "a root that nobody vouches for boots" machine_wait "$MACHINE" 'root is rogue'
machine_end "$MACHINE"
check "the volume had been opened by approval" says 'opened as root by approval'
no_volume() {
	! machine_said "$MACHINE" 'unlocked: .*'
}
check "it is closed before" no_volume
done_testing "$MACHINE"
