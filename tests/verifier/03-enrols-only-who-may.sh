#!/bin/sh
# SPDX-License-Identifier: ISC
# Who may enrol, and what an enrolment replaces: the agent, a software TPM, and certificates of its own maker.  (S12, S13, S30)
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"
BOOTGATE=$top/build/test/bootgate
CTL="$top/build/bootgatectl -c $work/conf"

# --- a TPM with certificates of a maker of its own ---
mkdir "$work/tpm" "$work/maker" "$work/ek-ca"
cat >"$work/setup.conf" <<EOF
create_certs_tool=/usr/bin/swtpm_localca
create_certs_tool_config=$work/localca.conf
create_certs_tool_options=$work/localca.options
EOF
cat >"$work/localca.conf" <<EOF
statedir = $work/maker
signingkey = $work/maker/signkey.pem
issuercert = $work/maker/issuercert.pem
certserial = $work/maker/certserial
EOF
printf -- '--platform-manufacturer test\n--platform-version 1\n--platform-model test\n' >"$work/localca.options"
swtpm_setup --tpm2 --tpmstate "$work/tpm" --create-ek-cert --create-platform-cert --pcr-banks sha256 --config "$work/setup.conf" \
	>"$work/setup.log" 2>&1 || { cat "$work/setup.log"; exit 1; }
swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --ctrl "type=unixio,path=$work/tpm.sock.ctrl" --server "type=unixio,path=$work/tpm.sock" \
	--flags not-need-init,startup-clear >/dev/null 2>&1 &
swtpm=$!
trap 'stop; kill $swtpm 2>/dev/null; rm -rf "$work"' EXIT

prepare "ek-ca = { \"$work/ek-ca\" }" 'default-policy = "none"'
cp tests/data/ek/root/*.der "$work/ek-ca/"
start || { fail "the daemon starts"; finish; }
cat >"$work/agent.conf" <<EOF
verifier = https://localhost:$port
tpm = swtpm:path=$work/tpm.sock
authority = $work/authority/authority.pem
tls-ca = $work/authority/tls-ca.pem
EOF

token() { $CTL enroll token "$@" 2>/dev/null >"$work/token"; }
# enrolls NAME STATUS PATTERN ARGUMENTS...
enrolls() {
	name=$1 wanted=$2 pattern=$3
	shift 3
	got=0
	"$BOOTGATE" enroll -c "$work/agent.conf" --label web1 "$@" >"$work/said" 2>&1 </dev/null || got=$?
	if [ "$got" = "$wanted" ] && grep -Eq -e "$pattern" "$work/said"; then pass "$name"; else
		fail "$name (status $got)" "$(cat "$work/said"; tail -n 3 "$work/log")"
	fi
}
state() { $CTL machine list | awk 'NR > 1 { print $2 }' | paste -sd' '; }
machine() { $CTL machine list | awk 'NR > 1 { print $1 }' | head -n 1; }
forget() { $CTL machine forget "$(machine)" >/dev/null; }

token
enrolls "an EK of a maker that nobody configured is refused, with a token too" 7 "none that was sent along, has the name of the EK certificate's issuer" --token-file "$work/token"
is "and leaves no machine" "" "$(state)"
cp "$work/maker/issuercert.pem" "$work/maker/swtpm-localca-rootca-cert.pem" "$work/ek-ca/"

sed 's/0$/1/; t; s/.$/0/' "$work/token" >"$work/wrong"
enrolls "a token with a digit changed is refused" 7 'the token is not one that may be used' --token-file "$work/wrong"
enrolls "without a token the machine waits for an operator's yes" 0 "operator" 
is "it is listed so" pending "$(state)"
$CTL machine approve "$(machine)" >/dev/null
is "the operator's yes makes it active" enrolled "$(state)"
forget

enrolls "a good token and a certificate of a configured maker: active at once" 0 'enrolled' --token-file "$work/token"
is "it is listed so" enrolled "$(state)"
enrolls "the token was good for one machine once" 7 'the token is not one that may be used' --token-file "$work/token"
ak() { $CTL machine show "$(machine)" | grep -E '^(AK|NV index|machine key) ' | head -n 3; }
first=$(ak)

token
enrolls "the same EK again waits for an operator, even with a token" 0 "operator" --token-file "$work/token"
is "and replaces nothing until then" "$first" "$(ak)"

TPM2TOOLS_TCTI="swtpm:path=$work/tpm.sock" tpm2_clear >/dev/null 2>&1 || true
token --machine "$(machine)" --label renamed
enrolls "after TPM2_Clear, with a token made for this machine, it is replaced at once" 0 'enrolled' --token-file "$work/token"
is "there is still one machine" enrolled "$(state)"
if [ "$first" != "$(ak)" ]; then pass "with another AK"; else fail "with another AK" "$first"; fi
like "under its old name" 'web1' "$($CTL machine list)"

other=$(printf '%064d' 7)
$CTL enroll token --machine "$other" >"$work/token" 2>/dev/null || true
if [ -s "$work/token" ]; then
	enrolls "a token made for another machine is refused" 7 'the token is not one that may be used' --token-file "$work/token"
else
	pass "a token is made only for a machine that is known"
fi
forget
TPM2TOOLS_TCTI="swtpm:path=$work/tpm.sock" tpm2_nvread 0x01c00016 >"$work/ek.der" 2>/dev/null
$CTL ek add "$work/ek.der" --label listed >"$work/said"
listed=$(sed 's/ .*//' "$work/said")
enrolls "an EK on the operator's list enrols without a token" 0 'enrolled' 
is "it is active at once" enrolled "$(state)"
is "it is the machine that its certificate says" "$(echo "$listed" | cut -c 1-16)" "$(machine)"
like "under the operator's name for it" 'listed' "$($CTL machine list)"
$CTL ek remove listed >/dev/null
forget
enrolls "when it is struck from the list it waits again" 0 "operator"
is "it is listed so" pending "$(state)"
TPM2TOOLS_TCTI="swtpm:path=$work/tpm.sock" tpm2_clear >/dev/null 2>&1 || true
forget
for key in p256 rsa2048; do
	token
	enrolls "an AK of another kind enrols: $key" 0 enrolled --token-file "$work/token" --key $key
	TPM2TOOLS_TCTI="swtpm:path=$work/tpm.sock" tpm2_clear >/dev/null 2>&1 || true
	forget
done
if $CTL audit verify >"$work/said" 2>&1; then pass "the audit log's chain holds"; else fail "the audit log's chain holds" "$(cat "$work/said")"; fi
is "every enrolment stands in the audit log" 5 "$($CTL audit list | grep -c ' enrolled ')"
key=$(sed 's/^bg1-................//' "$work/token")
is "the token is not in the log" 0 "$(grep -c "$key" "$work/log" || true)"
is "nor in the database" no "$(perl -e 'my ($hex, @files) = @ARGV; my $key = pack "H*", $hex; my $found = "no"; for (@files) { open my $f, "<:raw", $_ or next; local $/; my $b = <$f>; $found = "yes" if index($b, $key) >= 0 || index($b, $hex) >= 0 } print $found' \
	"$key" "$work/state/bootgate.db" "$work/state/bootgate.db-wal")"
finish
