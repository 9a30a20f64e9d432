#!/bin/sh
# SPDX-License-Identifier: ISC
# Whoever ends TLS between machine and verifier, with the verifier's own certificate, changes what he likes: each field of each message of an
# enrolment, his own answers, what he recorded sent again.  Nothing is enrolled that was not meant, and nothing opens (S10, S12, S30).  Prints TAP.
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
TLS=18450 PLAIN=18451 FAR=18452

start_tpm sha256
start_verifier
socat "OPENSSL-LISTEN:$TLS,bind=127.0.0.1,cert=state/tls.crt,key=state/tls.key,verify=0,fork,reuseaddr" "TCP:127.0.0.1:$PLAIN" 2>socat.log &
socat "TCP-LISTEN:$FAR,bind=127.0.0.1,fork,reuseaddr" "OPENSSL:127.0.0.1:$PORT,cafile=authority/tls-ca.pem,openssl-min-proto-version=TLS1.2" 2>socat.log &
mkdir between
echo pass >between/orders
perl "$top/tests/unit/agent/balancer.pl" $PLAIN $FAR between >balancer.ready &
wait_for 5 grep -q ready balancer.ready
listens() { ss -ltn | grep -q ":$1 "; }
wait_for 5 listens $TLS
wait_for 5 listens $FAR
configure $TLS

machines() { ctl machine list | tail -n +2 | wc -l; }
# enrolls [TOKEN...]: with a new token, through what stands between.
enrolls() {
	rm -f between/changed
	[ $# -gt 0 ] || { ctl enroll token >token 2>ok.log && set -- --token-file token; }
	agent enroll --label host --key p256 "$@"
}
forget_all() {
	for id in $(ctl machine list | tail -n +2 | cut -d' ' -f1); do
		ctl machine forget "$id" >ok.log
	done
	tpm2_clear
	rm -f /var/lib/bootgate/machine
}
changed() { [ -e between/changed ]; }

# --- each field of each message (S30)

tried=0
# fails_by MESSAGE KEY NAME PATTERN
fails_by() {
	echo "flip $1 $2" >between/orders
	enrolls
	tried=$((tried + 1))
	ok "$3 changed on the way: not enrolled, nothing left behind" sh -c "[ -e between/changed ] && [ $status != 0 ] && grep -Eq '$4' said"
	ok "$3: the verifier knows no machine, the TPM no AK and no index" nothing_left
}
nothing_left() { [ "$(machines)" = 0 ] && tpm_holds 0 0 && [ ! -e /var/lib/bootgate/machine ]; }

token='the token is not one that may be used, or the message was changed'
while read -r key name pattern; do
	fails_by 1 "$key" "begin: $name" "${pattern:-$token}"
done <<'EOF'
1 version refuses: .*enroll
2 token
3 certificates
4 EK refuses: .*(not one of|understood|token)
5 AK refuses: .*(not one of|understood|token)
6 label
7 nonce
mac MAC
EOF
back='answer was changed on the way, or it does not know the token'
while read -r key name pattern; do
	fails_by 2 "$key" "challenge: $name" "${pattern:-$back}"
done <<'EOF'
1 session
2 credential TPM
3 secret TPM|bootgate: error
4 approval-key .
5 statement-key .
6 epoch
7 delegation
8 nonce
mac MAC
EOF
forth='did not activate the credential, or a message was changed'
while read -r key name pattern; do
	fails_by 3 "$key" "finish: $name" "${pattern:-$forth}"
done <<'EOF'
1 session no enrolment of that session
2 handle
3 epoch
4 machine-key
5 audit
6 signature
7 next-handle
mac MAC
EOF
while read -r key name; do
	echo "flip 4 $key" >between/orders
	enrolls
	tried=$((tried + 1))
	ok "answer: $name changed on the way: no success, and it is said" sh -c "[ -e between/changed ] && [ $status != 0 ] && grep -q 'last answer was changed' said"
	forget_all
done <<'EOF'
1 machine
2 state
3 text
mac MAC
EOF
echo untoken >between/orders
enrolls
ok "begin without its token: the machine does not take the answer" sh -c "[ -e between/changed ] && [ $status != 0 ] && grep -q 'changed on the way' said"
ok "nor is it enrolled" nothing_left

# --- keys that are not what they claim, where no token's MAC stands before them (S14)

# area KEY OFFSET BITS: what the last begin had in that field, with bits of one byte the other way round.
area() {
	perl -e 'my ($key, $at, $bits) = @ARGV; local $/; open my $f, "<:raw", "between/field.$key" or die; my $area = <$f>;
		substr $area, $at, 1, chr(ord(substr $area, $at, 1) ^ $bits); print $area' "$@"
}
echo pass >between/orders
enrolls --label host
forget_all
while read -r key at bits pattern; do
	area "$key" "$at" "$bits" >altered
	echo "replace 1 $key $work/altered" >between/orders
	enrolls --label host
	tried=$((tried + 1))
	ok "refused: $pattern" sh -c "[ -e between/changed ] && [ $status = 7 ] && grep -q 'refuses: $pattern' said"
	ok "and nothing left behind: $pattern" nothing_left
done <<'EOF'
5 5 1 AK: the AK is not restricted
5 5 2 AK: the AK decrypts, too
5 7 2 AK: the AK can leave the TPM (fixedTPM)
5 7 16 AK: the AK can be moved to another parent (fixedParent)
5 7 32 AK: the AK was not made by the TPM (sensitiveDataOrigin)
5 6 4 AK: the AK is subject to the dictionary attack lockout (noDA)
4 7 2 EK: the EK.s attributes are not those of its template
4 20 1 EK: the EK.s policy is not that of its template
EOF

# --- a weaker key offered in the machine's name: the same TPM's EK of another kind (S30)

tpm2_createek -Q -G rsa -u ek.rsa -c 0x810100f0
perl -e 'local $/; open my $f, "<:raw", "ek.rsa"; my $p = <$f>; print substr $p, 2' >ek.area
echo "replace 1 4 $work/ek.area" >between/orders
enrolls --key p256
ok "the EK replaced by an RSA one of the same TPM: not enrolled" sh -c "[ -e between/changed ] && [ $status != 0 ]"
ok "and nothing left behind" nothing_left
tpm2_evictcontrol -Q -C o -c 0x810100f0

# --- who watches an enrolment can do nothing with it

echo pass >between/orders
ctl enroll token --uses 2 >token 2>ok.log
enrolls --token-file token
ok "unchanged it enrols" ends 0
for m in 1 2 3 4; do cp between/message.$m seen.$m; done
uses() { ctl enroll list | awk -v id="$(cut -c 5-20 token)" '$1 == id { print $4 }'; }
ok "the token can be used once more" test "$(uses)" = 1
key=$(cut -c 21-84 token)
absent() { perl -e 'my ($hex, @f) = @ARGV; my $k = pack "H*", $hex; for (@f) { local $/; open my $f, "<:raw", $_ or exit 1; my $p = <$f>; exit 1 if index($p, $k) >= 0 || index($p, $hex) >= 0 }' "$key" seen.1 seen.2 seen.3 seen.4; }
ok "its key was in no message" absent
ctl machine show host >before
send() { curl -s -o answer -w '%{http_code}' --cacert authority/tls-ca.pem -H 'Content-Type: application/cbor' --data-binary "@$2" "https://127.0.0.1:$PORT/v1/enroll/$1"; }
ok "the finish sent again is refused: its session is over" test "$(send finish seen.3)" = 403
ok "the begin sent again gets a challenge for the TPM that sent it" test "$(send begin seen.1)" = 200
perl -e 'local $/; my @p = map { open my $f, "<:raw", $_ or die; scalar <$f> } "seen.3", "seen.2", "answer";
	my ($old, $new) = map { /\x01\x50(.{16})/s ? $1 : die } $p[1], $p[2]; $p[0] =~ s/\Q$old\E/$new/ or die; print $p[0]' >spliced
ok "the finish of then for the session of now is refused" test "$(send finish spliced)" = 403
ok "and why is said" grep -aq 'did not activate the credential' answer
ctl machine show host >after
ok "the machine is as it was" cmp before after
ok "and the token as well" test "$(uses)" = 1
ctl enroll token --ttl 1 >token 2>ok.log
sleep 2
enrolls --token-file token
ok "a token that has expired is refused" says "$token"

# --- answers of somebody else (S10)

make_volume
configure "$PORT"
agent luks-enroll --passphrase-file passphrase "$loop"
ok "a volume is enrolled" ends 0
# meets NAME PATTERN: a boot that is answered by the file answer.
meets() {
	echo "answer $work/answer" >between/orders
	rm -rf /run/bootgate between/changed
	agent boot
	tried=$((tried + 1))
	ok "$1: no verdict, which is said" sh -c "grep -Eq '$2' said && ! grep -q 'approved' said"
	ok "$1: nothing opens, the door is open, the TPM tidy" stays_shut
}
stays_shut() { ! says 'opened as' && door_is_open && tpm_is_tidy; }
configure $TLS "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 2'
printf 'HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:%s/\r\nContent-Length: 0\r\n\r\n' "$PORT" >answer
meets "a captive portal that redirects" 'not able to serve now: HTTP status 302'
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>Log in</h' >answer
meets "a page to log in" 'does not keep to the protocol'
printf 'HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n' >answer
meets "the network wants a log-in" 'not able to serve now: HTTP status 511'
printf 'HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nContent-Length: 3\r\n\r\n\241\001\100' >answer
meets "a challenge without a nonce" 'does not keep to the protocol'
{ printf 'HTTP/1.1 200 OK\r\n'; yes 'X-Filler: filler filler filler' | head -n 3000; } >answer
meets "a head without end" 'larger than the limit'
printf 'HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n' >answer
meets "a body without end" 'larger than the limit'
configure $PLAIN "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 8'
meets "a port that speaks no TLS" 'no answer in time'
configure $TLS "volume = one $(cryptsetup luksUUID "$loop")" 'give-up = 2'
perl -e 'print "bootgate"' >answer
meets "no HTTP at all" 'connection closed'
echo "# count: $tried attack cases tried"

echo "1..$n"
exit "$bad"
