#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S8): who gets a shell in the initramfs gets it behind the closed door.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
# Without its root the initramfs has no way on.
rig_uki "$WORLD/rootless" "$WORLD/boot/initrd" "$RIG_COMMAND_LINE root=/dev/nothing"
rig_esp "$MACHINE/esp.img" "$WORLD/rootless"
operator reference add "$WORLD/rootless"
cat >"$MACHINE/said/shell" <<'EOF'
echo "shell has PCR 13 $(cat /sys/class/tpm/tpm0/pcr-sha256/13)"
EOF
machine_boot "$MACHINE"
check "a shell comes" machine_wait "$MACHINE" 'step shell'
check "PCR 13 is not zero in it" machine_wait "$MACHINE" 'shell has PCR 13 .*[1-9A-F].*' 20
machine_end "$MACHINE"
done_testing "$MACHINE"
