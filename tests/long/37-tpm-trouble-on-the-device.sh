#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S26): with the kernel's own device: the door's event hangs or is answered by garbage, for ever: no hand-over, power off with the
# reason; once: it closes after all. The read hangs; a driver that comes late; one that does not come: the machine boots, or does not, and says why.

. "$(dirname "$0")/../qemu/fixture.sh"
# The kernel gives a command two minutes, and holds whoever closes the device for as long.
RIG_BOOT_LIMIT=${RIG_BOOT_LIMIT:-900}
[ "$RIG_BOOT_LIMIT" -ge 900 ] || RIG_BOOT_LIMIT=900
fixture p384
verifier_start "$VERIFIER"
nothing_handed_over() {
	! machine_said "$MACHINE" 'step hand-over' && ! machine_said "$MACHINE" 'unlocked: .*'
}
sees() {
	rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" "$1"
}
driver=/sys/bus/acpi/drivers/tpm_crb

RIG_TPM_FAULT="13c hang 100000"
machine_boot "$MACHINE"
check "the approval comes" sees 'approved under policy'
begun=$(date +%s)
check "a door's event that hangs is named" sees 'TPM: PCR_Event: no answer for [0-9]+ s'
check "the machine is switched off" sees 'switching off'
took=$(($(date +%s) - begun))
echo "# from the approval to the end: $took s"
# Twice, in the TPM that was open, and anew: each takes the two minutes of the kernel's driver.
check "within five minutes" test "$took" -le 300
check "nothing was handed over" nothing_handed_over
machine_cut "$MACHINE"

RIG_TPM_FAULT="13c garbage 100000"
machine_boot "$MACHINE"
check "a door's event that is answered by garbage switches the machine off" sees 'switching off'
check "it is named" says 'TPM: PCR_Event: '
check "nothing was handed over" nothing_handed_over
machine_cut "$MACHINE"

for fault in "13c garbage 1" "13c code:922 3" "14e garbage 1" "176 code:903 1"; do
	RIG_TPM_FAULT=$fault
	machine_boot "$MACHINE"
	check "after $fault the machine boots all the same" machine_wait "$MACHINE" 'unlocked: root'
	machine_end "$MACHINE"
done

# QEMU's device does not come back from a command that has no end.
RIG_TPM_FAULT="14e hang 1"
machine_boot "$MACHINE"
check "a read that hangs is named" sees 'TPM: NV_Read: no answer for [0-9]+ s'
check "it is asked anew, and later" sees 'next try in'
check "nothing was opened" nothing_handed_over
machine_cut "$MACHINE"

unset RIG_TPM_FAULT
# A driver that is bound anew calls its device tpm1, which no late one does: so the nodes come late.
cat >"$MACHINE/said/before" <<'EOT'
busybox mkdir /run/late
busybox mv /dev/tpm0 /dev/tpmrm0 /run/late
(sleep 6; busybox mv /run/late/tpm0 /run/late/tpmrm0 /dev) &
EOT
machine_boot "$MACHINE"
check "a device that comes late is waited for" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
check "and that is said" says 'waiting for the TPM'

cat >"$MACHINE/said/before" <<EOT
for device in $driver/MSFT*; do device=\${device##*/}; done
echo \$device >$driver/unbind
EOT
machine_boot "$MACHINE"
check "one that does not come is said" sees 'no TPM 2.0 on this machine answers'
machine_type "$MACHINE" "$FIXTURE_PASSPHRASE"
check "a passphrase does not get past it" sees 'switching off'
check "nothing was handed over" nothing_handed_over
machine_end "$MACHINE"
done_testing "$MACHINE"
