#!/bin/sh
# SPDX-License-Identifier: ISC
# The agent with sanitizers against a software TPM and a verifier, where things go wrong: what it says, how it ends, and what it leaves
# in the TPM.  Prints TAP.  In name spaces of its own: the agent writes below /run and /var/lib, and where its door cannot be
# closed it switches the machine off.
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

start_tpm sha256
start_verifier

# --- usage

configure "$PORT"
agent door approved
ok "nobody can say that the door was closed by an approval" ends 2
agent enroll --key dsa
ok "a kind of key that there is not is a wrong usage" ends 2
agent enroll --verifier http://127.0.0.1
ok "so is a verifier without TLS" ends 2
ok "which is said once" silent 'is needed'
agent luks-enroll /dev/nowhere
ok "a host that is not enrolled is told so" says 'not enrolled yet'

# --- enrolment

TPM=swtpm:path=$work/nothing configure "$PORT"
agent enroll
ok "without a TPM it ends with 5" ends 5
configure 18449
agent enroll
ok "without a verifier it ends with 6" ends 6
configure "$PORT"
agent enroll --ek-certificate nowhere.der
ok "a certificate file that is not there is named" says 'nowhere.der: not found'
echo bg1-00 >token
agent enroll --token-file token
ok "something else than a token is refused before the TPM is asked for anything" tpm_holds 0 0

ctl enroll token >token
sed -i 's/0$/1/; t; s/.$/0/' token
agent enroll --token-file token
ok "a token with a wrong key is refused: 7" ends 7
ok "then nothing is left in the TPM" tpm_holds 0 0
ok "and nothing is noted" test ! -e /var/lib/bootgate/machine

perl "$top/tests/unit/agent/cut.pl" "$CUT" "$PORT" before-answer:2 drop 1000 >cut.log &
wait_for 5 grep -q ready cut.log
configure "$CUT"
ctl enroll token >token
agent enroll --token-file token
ok "a last answer that is lost is no success: 6" ends 6
ok "the next step is said" says 'Try bootgate luks-enroll'
ok "the keys stay, since the verifier knows them" tpm_holds 1 1
knows() { ctl machine list | tee ok.log | grep -q "$(cat /proc/sys/kernel/hostname)"; }
ok "as it does" knows

# --- enrolled anew

configure "$PORT"
id=$(ctl machine list | grep -oE '[0-9a-f]{16}' | head -n 1)
cp /var/lib/bootgate/machine before
ctl enroll token --machine "$id" >token
agent enroll --token-file token
ok "who is enrolled anew with a token for that machine" ends 0
ok "keeps the AK, and not the earlier secret" tpm_holds 1 1
ok "in another index" sh -c '! cmp -s before /var/lib/bootgate/machine'
ok "and is told what that means for his volumes" says 'open by passphrase only'

# --- a volume

make_volume
configure "$PORT"
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a volume is enrolled with what such an enrolment left" ends 0
tokens() { [ "$(cryptsetup luksDump --dump-json-metadata "$loop" | grep -c '"type":"bootgate"')" = 1 ] &&
	[ "$(cryptsetup luksDump "$loop" | grep -c ': luks2')" = "$1" ]; }
ok "it has one token and two key slots" tokens 2
agent luks-enroll --passphrase-file passphrase "$loop"
ok "once more" ends 0
ok "it still has one token and two key slots" tokens 2
printf '{"type":"bootgate","keyslots":[]}' | cryptsetup token import --token-id 5 "$loop"
agent luks-enroll --passphrase-file passphrase "$loop"
ok "beside another of our type" ends 0
opens() { cryptsetup luksOpen --test-passphrase --key-file passphrase "$loop"; }
ok "there is one token again" sh -c "[ \"\$(cryptsetup luksDump '$loop' | grep -c ' bootgate\$')\" = 1 ]"
ok "and the passphrase stays" opens
printf wrong >wrong
agent luks-enroll --passphrase-file wrong "$loop"
ok "a wrong passphrase ends it" ends 1
ok "and leaves one token" sh -c "[ \"\$(cryptsetup luksDump '$loop' | grep -c ' bootgate\$')\" = 1 ]"
ok "nothing stays loaded in the TPM" tpm_is_tidy

configure 18449 "verifier = https://127.0.0.1:$PORT"
agent luks-enroll --passphrase-file passphrase "$loop"
ok "when the first verifier does not answer, the second one is asked" ends 0
configure "$PORT"

cryptsetup luksHeaderBackup "$loop" --header-backup-file header
kept=$(cryptsetup luksDump "$loop" | awk '$2 == "bootgate" { on = 1 } on && $1 == "Keyslot:" { print $2; exit }')
for slot in $(cryptsetup luksDump "$loop" | awk '$2 == "luks2" { sub(":", "", $1); print $1 }'); do
	[ "$slot" = "$kept" ] || cryptsetup luksKillSlot -q "$loop" "$slot" 2>killed.log
done
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a volume without a passphrase is refused: 1" ends 1
ok "it says what to do" says 'no key slot is left for a passphrase; add one first'
ok "our own key slot is as it was" tokens 1
cryptsetup luksHeaderRestore -q "$loop" --header-backup-file header
ok "the passphrase is back" opens

# Room for a key slot, but not for a token.
for token in $(cryptsetup luksDump "$loop" | awk '$2 == "bootgate" { sub(":", "", $1); print $1 }'); do
	cryptsetup token remove --token-id "$token" "$loop"
done
printf '{"type":"filler","keyslots":[],"filler":"%09600d"}' 0 | cryptsetup token import --token-id 9 "$loop"
before=$(cryptsetup luksDump "$loop" | grep -c ': luks2')
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a token that cannot be written ends it: 1" ends 1
ok "the new key slot is removed again, which is said" says 'undone: key slot [0-9]+ was removed again'
ok "there are as many key slots as before" test "$(cryptsetup luksDump "$loop" | grep -c ': luks2')" = "$before"
ok "and the passphrase opens still" opens
cryptsetup luksHeaderRestore -q "$loop" --header-backup-file header

# --- a verifier that is not ours (S10)

"$top/build/bootgatectl" authority init other >authority.log 2>&1
with() { sed "s|^$1 = .*/|$1 = $work/other/|" bootgate.conf >other.conf; cp other.conf bootgate.conf; }
with tls-ca
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a verifier with a certificate of another CA is not reached: 6" ends 6
ok "and why is said" says 'not from the configured CA'
configure "$PORT"
with authority
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a verifier that another authority delegated ends it" ends 1
ok "and whose keys they are not is said" says 'not delegated by the authority'
ok "it still has one token and its key slots" sh -c "[ \"\$(cryptsetup luksDump '$loop' | grep -c ' bootgate\$')\" = 1 ]"
configure "$PORT"

# --- a boot

rm -rf /run/bootgate
configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 8'
agent boot
ok "a boot that is denied gives up when told so: 4" ends 4
ok "it was denied" says 'DENIED'
ok "the door stays open, since nothing was believed" door_is_open
ok "a child that was killed leaves nothing in the TPM" tpm_is_tidy
ok "nor its mark" test ! -e /run/bootgate/tpm-in-use
configure 18449 "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 3'
agent boot
ok "without a verifier it goes on until told to give up" says 'giving up'
configure 18449 "verifier = https://127.0.0.1:$PORT" "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 8'
agent boot
ok "with a second verifier, that one's answer counts in the same boot" says 'DENIED'
TPM=swtpm:path=$work/nothing configure "$PORT" "volume = one $(cryptsetup luksUUID "$loop")"
agent boot
ok "without a TPM and without a prompt nothing is left: 5" ends 5
configure "$PORT" "volume = one 11111111-1111-4111-8111-111111111111"
cryptsetup luksUUID -q --uuid 22222222-2222-4222-8222-222222222222 "$loop"
agent boot
ok "a volume that does not appear is named" says 'volume one .*did not appear'

# --- the door

agent door left
ok "the door closes" ends 0
ok "PCR 13 is not zero" sh -c '! tpm2_pcrread sha256:13 | grep -q "0x0\{64\}"'
ok "it is noted" test -s /run/bootgate/door
once=$(tpm2_pcrread sha256:13 | tail -n 1)
agent door shell
ok "it closes once" test "$(tpm2_pcrread sha256:13 | tail -n 1)" = "$once"
echo 'approval nothing' >/run/bootgate/opened
agent door --root /dev/nowhere left
ok "a root that is none of ours is told" says 'is not made of volumes that bootgate opened'
ok "what is not open needs no closing" ends 0

# --- authorisation values

tpm2_changeauth -Q -c owner own
tpm2_changeauth -Q -c endorsement end
printf 'own\n' >owner
printf 'end\n' >endorsement
ctl enroll token --machine "$id" >token
agent enroll --token-file token
ok "without the owner's authorisation nothing is enrolled: 5" ends 5
ok "and the command that was refused is named" says 'TPM: .*authorisation failed'
ctl enroll token --machine "$id" >token
agent enroll --token-file token --owner-auth-file owner --endorsement-auth-file nowhere
ok "an authorisation file that is not readable ends it: 1" ends 1
agent enroll --token-file token --owner-auth-file owner --endorsement-auth-file endorsement
ok "with both authorisations it is enrolled" ends 0
ok "nothing stays loaded in the TPM" tpm_is_tidy

echo "1..$n"
exit "$bad"
