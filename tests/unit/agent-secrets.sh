#!/bin/sh
# SPDX-License-Identifier: ISC
# What the agent leaves behind (S9, S22): an approved boot is stopped when the process that had the secrets is about to end, and its memory is
# searched; nothing is in arguments, environments, logs; a crash leaves no core; MemoryOverwriteRequest is set before anything is asked for.
# The program is the host's build with a TCTI for swtpm.  There is no device mapper here.  Prints TAP.
# shellcheck disable=SC2317,SC2094
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
BOOTGATE_TEST=$top/build/bench/bootgate
# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"
SECRETS=$top/build/test-secrets
HELD=18460
VARIABLE=/sys/firmware/efi/efivars/MemoryOverwriteRequestControl-e20939be-32d4-41be-a150-897f85d49829

# What the agent gives to cryptsetup where others can see it; then cryptsetup.
for real in /usr/sbin/cryptsetup /sbin/cryptsetup; do [ ! -x "$real" ] || break; done
cp "$real" cryptsetup.real
printf '#!/bin/sh\n{ echo "cryptsetup $*"; env; } >>"%s/seen"\nexec "%s/cryptsetup.real" "$@"\n' "$work" "$work" >cryptsetup
chmod +x cryptsetup
mount --bind cryptsetup "$real"

start_tpm sha256,sha384
start_verifier
add_references 2>ok.log
configure "$PORT"
ctl enroll token >token 2>ok.log
agent --debug enroll --token-file token --key p256
cp said said.enroll
make_volume
: >seen
agent --debug luks-enroll --passphrase-file passphrase "$loop"
ok "a machine and its volume are enrolled" ends 0
cp said said.luks-enroll
ok "control: cryptsetup was called, and seen" grep -q '^cryptsetup .*luksAddKey' seen

# --- an approved boot, stopped when it asks, and before it ends

perl "$top/tests/qemu/hold.pl" $HELD "$PORT" 4000 "$work/go" &
configure $HELD "volume = one $(cryptsetup.real luksUUID "$loop" 2>ok.log || ./cryptsetup.real luksUUID "$loop")" 'give-up = 60'
stop_tpm -c
run_tpm
"$top/build/bench/firmware" tpm.socket "$LOG"
rm -rf /run/bootgate
without='setpriv --inh-caps -sys_ptrace,-perfmon,-sys_admin --bounding-set -sys_ptrace,-perfmon,-sys_admin'
# shellcheck disable=SC2086 # words
LD_PRELOAD=$top/build/test/stop.so $without "$AGENT" --debug -c bootgate.conf boot >said 2>&1 </dev/null &
parent=$!
ok "it asks for its approval" wait_for 30 test -e go.full
asking=$(cat "/proc/$parent/task/$parent/children")
asking=${asking% }
perl "$top/tests/unit/agent/memory.pl" "$asking" >asking
ok "neither it nor who opens may leave a core" sh -c "[ \"\$(cat /proc/$parent/limits /proc/$asking/limits | grep -c 'core file size *0 *0 ')\" = 2 ]"
ok "control: who may not trace others may look into an ordinary process" sh -c "$without sleep 5 & sleep 0.3; $without cat /proc/\$!/environ >/dev/null"
ok "but not into the one that asks" sh -c "! $without cat /proc/$asking/environ >/dev/null"
ok "nor into the one that opens" sh -c "! $without cat /proc/$parent/environ >/dev/null"
locked() { [ "$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status")" -gt 100 ]; }
ok "the memory of the one that asks is locked" locked "$asking"
: >go
stopped() { grep -q '^State:.T' "/proc/$asking/status"; }
ok "it is stopped before its end" wait_for 30 stopped
ok "the key was handed out" wait_for 10 says "$loop: not opened as one"
perl "$top/tests/unit/agent/memory.pl" "$asking" >ending
perl "$top/tests/unit/agent/memory.pl" "$parent" >opening
kill -CONT "$asking"
kill "$parent"
wait "$parent" 2>ok.log || :

number=$(ctl audit list | awk '/approve/ { print $1 }' | tail -n 1)
ctl audit show "$number" --case case >ok.log
{ "$SECRETS" collect disk.img tpm/tpm2-00.permall state && "$SECRETS" boot-key case asking; } >known
ok "the test knows five secrets" test "$(wc -l <known)" = 5
# lacks FILE...: none of them is there
lacks() { "$SECRETS" search known "$@" >search && [ "$(grep -c ' 0$' search)" = 5 ]; }
ok "control: the boot's key is in its memory while it asks" sh -c "'$SECRETS' search known asking | grep -q '^boot-key [1-9]'"

show_left() { "$SECRETS" search known "$@" | grep -v ' 0$' >&2; lacks "$@"; }
ok "before it ends, none is in its memory" show_left ending
ok "nor in that of the process that opened" show_left opening
ok "none was seen by who looks at cryptsetup's arguments and environment" lacks seen
ok "none is in what was said, with debugging on" lacks said said.enroll said.luks-enroll bootgated.log

# --- no core

prlimit --core=unlimited --pid $$
pattern=$(cat /proc/sys/kernel/core_pattern)
mkdir cores
case $pattern in
core | core.%p)
	configure 18461 "volume = one $(./cryptsetup.real luksUUID "$loop")" 'give-up = 20'
	socat TCP-LISTEN:18461,bind=127.0.0.1,fork,reuseaddr SYSTEM:'sleep 60' &
	cores() { find "$work/cores" -type f | wc -l; }
	(cd cores && sh -c 'kill -SEGV $$') >ok.log 2>&1 || :
	ok "control: a process that crashes leaves a core" test "$(cores)" = 1
	rm -f cores/*
	for signal in SEGV ABRT; do
		for who in asking parent; do
			rm -rf /run/bootgate
			(cd cores && exec "$AGENT" -c ../bootgate.conf boot) >said 2>&1 </dev/null &
			parent=$!
			child_of() { [ -n "$(cat "/proc/$parent/task/$parent/children")" ]; }
			wait_for 20 child_of
			sleep 0.5
			asking=$(cat "/proc/$parent/task/$parent/children")
			if [ $who = parent ]; then kill -$signal "$parent"; else kill -$signal "${asking% }"; fi
			sleep 0.5
			kill "$parent" 2>ok.log || :
			wait "$parent" 2>ok.log || :
			ok "SIG$signal to the $who process of a boot leaves no core" test "$(cores)" = 0
		done
	done
	;;
*) echo "# cores go to \"$pattern\" here: not tried" ;;
esac

# --- MemoryOverwriteRequest

mount -t tmpfs none /sys/firmware
mkdir -p "${VARIABLE%/*}"
configure 18449 "volume = one $(./cryptsetup.real luksUUID "$loop")" 'give-up = 1'
overwrite() { sed -i "s/^memory-overwrite = .*/memory-overwrite = $1/" bootgate.conf; }
bit() { [ "$(od -An -tx1 "$VARIABLE" | tr -d ' \n')" = "$1" ]; }
overwrite on
agent boot
ok "a firmware without it is told of" says 'MemoryOverwriteRequest could not be set \(not found\): a warm reset may leave keys in memory'
printf '\007\000\000\000\000' >"$VARIABLE"
agent boot
ok "where it is, it is set before any verifier has answered" bit 0700000001
ok "without a word" silent MemoryOverwrite
agent boot
ok "set, it stays" bit 0700000001
printf '\007\000\000\000\000' >"$VARIABLE"
overwrite off
agent boot
ok "with memory-overwrite = off it is left alone" bit 0700000000
overwrite on
mount --bind "$VARIABLE" "$VARIABLE"
mount -o remount,ro,bind "$VARIABLE"
agent boot
ok "one that cannot be written is told of" says 'MemoryOverwriteRequest could not be set \('

echo "1..$n"
exit "$bad"
