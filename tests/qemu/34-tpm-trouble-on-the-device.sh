#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S26, S8): with the kernel's own device, a TPM that refuses the door's event, goes away in mid-boot, or is announced and absent,
# lets nothing through: no hand-over, and the reason on the console. Where the agent was never started the door closes all the same.

. "$(dirname "$0")/fixture.sh"
fixture p384
verifier_start "$VERIFIER"
nothing_handed_over() {
	! machine_said "$MACHINE" 'step hand-over' && ! machine_said "$MACHINE" 'unlocked: .*'
}
switches_off() {
	rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'switching off' && rig_wait 60 machine_is_off "$MACHINE"
}

# PCR_Event is refused for ever.
RIG_TPM_FAULT="13c code:101 100000"
machine_boot "$MACHINE"
check "a door that is refused switches the machine off" switches_off
machine_end "$MACHINE"
check "the approval had come" says 'approved under policy'
check "the command is named, with the TPM's word" says 'TPM: PCR_Event: 0x101: the TPM is in failure mode'
opens_nothing() {
	! says 'opened as root'
}
check "nothing was opened" opens_nothing
check "nor handed over" nothing_handed_over

# The TPM goes away at the read.
RIG_TPM_FAULT="14e unplug 1"
machine_boot "$MACHINE"
check "a TPM that goes away is said" rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'TPM: NV_Read: '
check "it is tried again" rig_wait 60 machine_sees "$MACHINE" 'beginning anew'
machine_type "$MACHINE" "$FIXTURE_PASSPHRASE"
check "a passphrase does not get past the door that cannot close" switches_off
machine_end "$MACHINE"
check "nothing was handed over" nothing_handed_over

# ACPI announces a TPM that fails from the start: the kernel has no device.
RIG_TPM_FAULT="0 code:101 100000"
machine_boot "$MACHINE"
check "an announced TPM that is not there is said" rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'no TPM 2.0 on this machine answers'
machine_type "$MACHINE" "$FIXTURE_PASSPHRASE"
check "a passphrase does not get past that either" switches_off
machine_end "$MACHINE"
check "the reason is said" says 'the TPM is announced but the door cannot be closed'
check "nothing was handed over" nothing_handed_over

# The agent is never started: in its place stands something that knows the door alone.
unset RIG_TPM_FAULT
cat >"$MACHINE/said/before" <<'EOT'
busybox cp /bin/bootgate /run/agent
printf '#!/bin/sh\n[ "$1" != boot ] || exit 1\nexec /run/agent "$@"\n' >/run/instead
busybox chmod 755 /run/instead
mount -o bind /run/instead /bin/bootgate
echo "before: PCR 13 $(cat /sys/class/tpm/tpm0/pcr-sha256/13) $(cat /sys/class/tpm/tpm0/pcr-sha384/13)"
EOT
cat >"$MACHINE/said/shell" <<'EOT'
echo "shell: sha256 $(cat /sys/class/tpm/tpm0/pcr-sha256/13)"
echo "shell: sha384 $(cat /sys/class/tpm/tpm0/pcr-sha384/13)"
EOT
machine_boot "$MACHINE"
check "where the agent was never started a shell comes" machine_wait "$MACHINE" 'shell: sha384 .*'
machine_end "$MACHINE"
check "PCR 13 was zero before" said 'before: PCR 13 0{64} 0{96}'
check "in it, the SHA-256 bank is closed" said 'shell: sha256 .*[1-9A-F].*'
check "and the SHA-384 bank" said 'shell: sha384 .*[1-9A-F].*'
done_testing "$MACHINE"
