#!/bin/sh
# SPDX-License-Identifier: ISC
# A boot that the verifier approves, and the same with another key at a handle of the machine's, another secret in its index, another TPM under
# its name, its TPM cleared: none of them gets a key (S9, S12, S14).  There is no device mapper here: a key that was handed out shows in the
# attempt to open.  Prints TAP.
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
# shellcheck source=tests/unit/agent/world.sh
. "$top/tests/unit/agent/world.sh"

# boot: what firmware measures, then the agent; within a TPM that has just started.
boot() {
	"$top/build/bench/firmware" tpm.socket "$LOG"
	rm -rf /run/bootgate
	status=0
	timeout 90 "$AGENT" -c bootgate.conf boot >said 2>&1 </dev/null || status=$?
}
handed_out() { says "$loop: not opened as one"; }
opens() { handed_out && ! door_is_open; }
stays_shut() { ! handed_out && ! says 'opened as'; }
# The TPM's state is a folder: put another in its place.
power_off() { stop_tpm -c; }
power_on() { run_tpm; }
restart() { power_off; power_on; }
# A copy of a TPM's state counts its resets anew; the verifier has seen later ones.
behind=0
use_tpm() { # use_tpm FOLDER: a copy of it, with the power on
	rm -rf tpm
	cp -a "$1" tpm
	power_on
	behind=$((behind + 2))
	for _ in $(seq $behind); do restart; done
}
handle_of() { sed -n "s/^$1 = //p" /var/lib/bootgate/machine; }
put() { # put CONTEXT HANDLE: in the place of what is there
	tpm2_evictcontrol -Q -C o -c "$2"
	tpm2_evictcontrol -Q -C o -c "$1" "$2"
	tpm2_flushcontext -Q -t
}

start_tpm sha256,sha384
start_verifier
add_references
configure "$PORT"
ctl enroll token >token 2>ok.log
agent enroll --token-file token --label web1 --key p256
make_volume
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a machine and its volume are enrolled" ends 0
configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 4'
cp /var/lib/bootgate/machine machine.a
cp disk.img disk.a
ek=$(handle_of ek) ak=$(handle_of ak) nv=$(handle_of nv)

restart
boot
ok "control: it opens" opens
restart
cp disk.img disk.cached
power_off
cp -a tpm tpm.a

# --- another AK at its handle (S14)

attacker_ak() {
	tpm2_createprimary -Q -C e -G ecc256:ecdsa-sha256:null -c new.ctx \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign|noda'
	put new.ctx "$ak"
}
power_on
attacker_ak
boot
ok "another AK of the same TPM at its handle: not known, nothing opens" stays_shut
ok "and that is said" says 'no enrolled machine has shown this evidence'
power_off
use_tpm tpm.a
tpm2_createprimary -Q -C e -G ecc256:ecdsa-sha256:null -c new.ctx -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign|noda'
put new.ctx "$ak"
boot
ok "one that signs whatever it is given: nothing opens" stays_shut
agent enroll --label web1
ok "nor does the next enrolment take it for an AK: it makes another one" test "$(handle_of ak)" != "$ak"
power_off
use_tpm tpm.a
cp machine.a /var/lib/bootgate/machine

# --- another salting key at the EK's handle (S9)

tpm2_createprimary -Q -C o -G ecc256 -c new.ctx
put new.ctx "$ek"
boot
ok "another key at the EK's handle: nothing opens" stays_shut
ok "and no approval comes of it" sh -c '! grep -q "approved under" said'
power_off
use_tpm tpm.a

# --- another secret in the index, by who has the owner's authorisation

tpm2_nvreadpublic "$nv" >index
policy=$(sed -n 's/.*authorization policy: //p' index)
perl -e 'print pack "H*", $ARGV[0]' "$policy" >policy
tpm2_nvundefine -Q -C o "$nv"
tpm2_nvdefine -Q -C o -s 32 -L policy -a 'ownerwrite|policyread|no_da|writedefine' "$nv"
head -c 32 /dev/zero >zeros
tpm2_nvwrite -Q -C o -i zeros "$nv"
tpm2_nvwritelock -Q -C o "$nv"
boot
ok "another secret under the same Name is noticed" says 'the TPM secret was replaced'
ok "nothing opens with it" stays_shut
power_off

# --- another TPM under the name (S12)

rm -rf tpm
mkdir tpm
swtpm_setup --tpm2 --tpmstate "$work/tpm" --create-ek-cert --pcr-banks sha256,sha384 --config setup.conf >setup.log 2>&1
power_on
rm /var/lib/bootgate/machine
ctl enroll token >token 2>ok.log
agent enroll --token-file token --label web1 --key p256
ok "another TPM enrols under the same name" ends 0
ok "as another machine" test "$(ctl machine list | grep -c ' web1$')" = 2
cp disk.cached disk.img
restart
boot
ok "with the first one's disk nothing opens" stays_shut
power_off
cp -a tpm tpm.b
cp /var/lib/bootgate/machine machine.b

use_tpm tpm.a
boot
ok "the first one opens still" opens
first=$(ctl machine list | awk '$5 == "web1" { print $1 }' | while read -r m; do if ctl machine show "$m" | grep -q "$(sed -n "s/^machine-key = //p" machine.a | cut -c 1-16)"; then echo "$m"; fi; done)
ctl machine forget "$first" >ok.log
restart
boot
ok "forgotten, it does not" stays_shut
power_off
use_tpm tpm.b
boot
ok "and its namesake gets nothing that was its" stays_shut
ctl machine list >ok.log
ok "who is the only one of that name now" test "$(grep -c ' web1$' ok.log)" = 1
power_off
use_tpm tpm.a

# --- the same TPM again: an operator's yes, and new shares (S12)

cp machine.a /var/lib/bootgate/machine
ctl enroll token >token 2>ok.log
agent enroll --token-file token --label web2 --key p256
agent luks-enroll --passphrase-file passphrase "$loop"
ok "enrolled once more, with its volume" ends 0
restart
boot
ok "it opens" opens
cp disk.img disk.old
tpm2_clear
rm /var/lib/bootgate/machine
ctl enroll token >token 2>ok.log
agent enroll --token-file token --label web2 --key p256
ok "after TPM2_Clear it waits for an operator, in spite of its token" says 'waiting for an operator.s yes'
agent luks-enroll --passphrase-file passphrase "$loop"
ok "until then it gets no volume" sh -c "[ $status != 0 ]"
boot
ok "and does not open" stays_shut
ctl machine approve web2 >ok.log
agent luks-enroll --passphrase-file passphrase "$loop"
ok "with the operator's yes it does" ends 0
restart
boot
ok "and opens" opens
cp disk.old disk.img
restart
boot
ok "its disk of before opens no more: its shares are gone" stays_shut

# --- a foreign certificate (S12, S13)

power_off
use_tpm tpm.b
for index in 0x01c00016 0x01c00002; do tpm2_nvread "$index" >foreign.der 2>ok.log && break; done
power_off
use_tpm tpm.a
tpm2_clear
rm -f /var/lib/bootgate/machine
ctl enroll token >token 2>ok.log
agent enroll --token-file token --label web3 --ek-certificate foreign.der
ok "somebody else's certificate is refused" says 'the EK certificate is for another key than the EK'
ok "with 7" ends 7
echo "# count: 10 attack cases tried"

echo "1..$n"
exit "$bad"
