#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S9, S22): after an approved boot with debugging on, the secrets that opened the disk are nowhere: not in the guest's memory, on its consoles,
# in its kernel's log, in arguments or environments, on its disks, nor in what its TPM heard and said, at enrolment and in the boot. The test knows
# them all, and finds what must be there: the boot's key while it is in use, and dm-crypt's.

. "$(dirname "$0")/fixture.sh"
SECRETS=$RIG_TOP/build/test-secrets
fixture p256
known=$WORLD/known

# --- what the machine boots: words on its command line, and an image that looks everywhere

fixture_initrd "$WORLD/initrd" files-secrets "$WORLD"
rig_uki "$WORLD/uki" "$WORLD/initrd" "$(echo "$RIG_COMMAND_LINE" | sed 's/ quiet / debug init_on_free=1 /')"
rig_esp "$MACHINE/esp.img" "$WORLD/uki"
: >"$MACHINE/memory"
cat >"$MACHINE/said/job" <<'EOF'
dmesg
echo "seen: $(grep -c 'cryptsetup --batch-mode open' /run/seen)"
echo "debugged: $(tr '\0' ' ' </run/seen | grep -c 'bootgate --debug boot')"
echo "cores: $(ls /run/core* 2>/dev/null | wc -l)"
echo "planted: 706c616e7465642d7365637265742d3031"
sleep 300
EOF

# traffic LOG: the bytes that went to and fro.
traffic() {
	perl -ne 'print pack "H*", join "", split " " if /^ (?:[0-9A-F]{2} )+$/' "$1"
}
# approval_ref: what every approval says to the TPM (docs/protocol.md).
approval_ref() {
	perl -MDigest::SHA=sha256_hex -ne 'print "approval-ref ", sha256_hex("bootgate/1 disk" . pack "H*", $1), "\n" if /^statement (\S+)/' \
		"$VERIFIER/state/verifier.pub"
}

# The verifier listens behind what holds its answers back.
FIXTURE_PORT=8444
verifier_start "$VERIFIER"
operator reference add "$WORLD/uki"
perl "$RIG/hold.pl" 8443 8444 4000 "$WORLD/go" &
echo $! >>"$RIG_WORK/pids"

machine_boot "$MACHINE"
check "the machine asks for its approval" rig_wait "$RIG_BOOT_LIMIT" test -e "$WORLD/go.full"
machine_memory "$MACHINE" "$WORLD/asking"
: >"$WORLD/go"
check "it opens by approval" machine_wait "$MACHINE" 'unlocked: root'
rig_wait 60 machine_said "$MACHINE" 'planted: .*'
machine_memory "$MACHINE" "$WORLD/handed-over"
machine_cut "$MACHINE"

# --- what is searched for

number=$(ctl "$VERIFIER" audit list | awk '/approve/ { print $1 }' | tail -n 1)
operator audit show "$number" --case "$WORLD/case"
{
	"$SECRETS" collect "$MACHINE/root.img" "$MACHINE/tpm/tpm2-00.permall" "$VERIFIER/state"
	"$SECRETS" boot-key "$WORLD/case" "$WORLD/asking"
} >"$known"
check "the test knows five secrets" test "$(wc -l <"$known")" = 5
printf '%s' "$FIXTURE_PASSPHRASE" >"$WORLD/passphrase"
cryptsetup luksDump --batch-mode --dump-volume-key --key-file "$WORLD/passphrase" --volume-key-file "$WORLD/volume-key" "$MACHINE/root.img" >/dev/null
{
	echo "volume-key $(od -An -v -tx1 "$WORLD/volume-key" | tr -d ' \n')"
	echo "planted 706c616e7465642d7365637265742d3031"
} >"$WORLD/must"
approval_ref >>"$WORLD/must"
traffic "$MACHINE/tpm.log" >"$WORLD/traffic"
traffic "$RIG_BUILD/world-$fixture_name/machine/tpm.log" >"$WORLD/traffic-enrolment"

# finds SECRETS NAME FILE...; lacks SECRETS FILE...: none of them.
finds() {
	finds_in=$1 finds_name=$2
	shift 2
	"$SECRETS" search "$finds_in" "$@" | grep -q "^$finds_name [1-9]"
}
lacks() {
	"$SECRETS" search "$@" >"$WORLD/search" || return 1
	grep -v ' 0$' "$WORLD/search" && return 1
	[ "$(wc -l <"$WORLD/search")" = 5 ]
}
check "control: while it is in use, the boot's key is in the memory" finds "$known" boot-key "$WORLD/asking"
check "control: dm-crypt's key is in the memory after the hand-over" finds "$WORLD/must" volume-key "$WORLD/handed-over"
check "control: so is what was planted" finds "$WORLD/must" planted "$WORLD/handed-over"
check "control: the approval went to the TPM" finds "$WORLD/must" approval-ref "$WORLD/traffic"
check "control: debugging was on" said 'debugged: [1-9].*'
check "control: arguments and environments were seen" said 'seen: [1-9].*'
check "none is in the memory after the hand-over" lacks "$known" "$WORLD/handed-over"
check "none is on the console, nor in the kernel's log" lacks "$known" "$MACHINE/console" "$MACHINE/verdict"
check "none is on its disks" lacks "$known" "$MACHINE/esp.img" "$MACHINE/root.img" "$MACHINE/vars.fd"
check "none was seen by who listens between processor and TPM in the boot" lacks "$known" "$WORLD/traffic"
check "nor at the enrolment" lacks "$known" "$WORLD/traffic-enrolment"
check "none is in the verifier's log" lacks "$known" "$VERIFIER/log"
check "there is no core" said 'cores: 0'
check "that this firmware does not know MemoryOverwriteRequest is said" says 'MemoryOverwriteRequest could not be set \(not found\): a warm reset may leave keys'
rm -f "$WORLD/asking" "$WORLD/handed-over" "$MACHINE/memory"
done_testing "$MACHINE"
