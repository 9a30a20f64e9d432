#!/bin/sh
# SPDX-License-Identifier: ISC
# bootgatectl does what it says, and says what it does: real runs, looked at with openssl and with our own arithmetic (ctl.pl).  Prints TAP.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
CTL=${BOOTGATECTL:-$top/build/bootgatectl}
PERL="perl $top/tests/unit/ctl.pl"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
n=0 bad=0

pass() {
	n=$((n + 1))
	echo "ok $n - $1"
}
fail() {
	n=$((n + 1))
	bad=1
	echo "not ok $n - $1"
	sed -n "1,20s/^/# /p" "${2:-said}"
}

# ok NAME COMMAND...: the command succeeds.
ok() {
	ok_name=$1
	shift
	if "$@" >ok.log 2>&1; then pass "$ok_name"; else fail "$ok_name" ok.log; fi
}

# exits NAME STATUS PATTERN ARGUMENTS...: bootgatectl ends so, and what it says to either side matches.
exits() {
	exits_name=$1 exits_status=$2 exits_pattern=$3
	shift 3
	got=0
	"$CTL" "$@" >out 2>err </dev/null || got=$?
	cat out err >said
	if [ "$got" -eq "$exits_status" ] && grep -Eq -e "$exits_pattern" said; then
		pass "$exits_name"
	else
		fail "$exits_name (status $got; wanted $exits_status and \"$exits_pattern\")"
	fi
}

# In out of the last one there is a line that matches; or none.
prints() {
	if grep -Eq -e "$2" out; then pass "$1"; else fail "$1"; fi
}
silent() {
	if grep -Eq -e "$2" out err; then fail "$1"; else pass "$1"; fi
}

lines() {
	if [ "$(wc -l <out)" -eq "$1" ]; then pass "$2"; else fail "$2"; fi
}

# modes FILE MODE NAME
modes() {
	if [ "$(stat -c %a "$1")" = "$2" ]; then pass "$3"; else fail "$3" err; fi
}

# --- usage -----------------------------------------------------------------------------------------------------------------

exits 'without a verb, usage' 2 '^usage: bootgatectl'
exits '--help lists the verbs and the exit status' 0 'Exit status: 0 done' --help
exits '--version' 0 '^bootgatectl [0-9]' --version
exits 'an unknown verb' 2 'frobnicate: there is no such verb' frobnicate
exits 'a noun without a verb lists its verbs' 2 'authority delegate' authority
exits 'a noun with --help lists its verbs' 0 'reference remove' reference --help
exits 'an unknown option' 2 'x: there is no such option' machine list --x
exits 'a missing argument' 2 'an argument is missing' machine show
exits 'one argument too many' 2 'too many arguments: b' machine show a b
exits 'an option without its value' 2 'ttl: this option needs a value' enroll token --ttl
exits 'an option given twice' 2 'ttl: given twice' enroll token --ttl 1 --ttl 2
exits 'a value that an option does not take' 2 'takes no value' authority init d --p384=yes
"$CTL" --help | sed -n 's/^  \([a-z]* *[a-z]*\).*/\1/p' | grep -E '^(authority|machine|enroll|ek|policy|reference|appraise|hold|audit) ' |
	sort -u >verbs
while read -r noun verb; do
	# shellcheck disable=SC2086 # a noun that is a verb has no second word
	exits "$noun $verb --help" 0 "^usage: bootgatectl .*$noun" $noun $verb --help
done <verbs

while read -r noun verb; do
	if grep -Eq "Cm $noun${verb:+ $verb}( |\$)" "$top/docs/bootgatectl.8"; then
		pass "bootgatectl(8) has $noun $verb"
	else
		fail "bootgatectl(8) has $noun $verb"
	fi
done <verbs
for page in "$top"/docs/*.[578]; do
	ok "$(basename "$page") is clean mdoc" mandoc -Tlint -Wwarning "$page"
done

# --- authority -------------------------------------------------------------------------------------------------------------

exits 'authority init with a verifier' 0 'keep it offline' \
	authority init authority --verifier state --name verifier.example,192.0.2.1,2001:db8::1
silent 'it prints no private key' 'PRIVATE|BEGIN'
modes authority/authority.key 600 'the authority key is its owner'\''s alone'
modes authority/tls-ca.key 600 'the TLS CA key is its owner'\''s alone'
for key in approval.pem statement.pem tls.key share.master; do
	modes "state/$key" 600 "the verifier's $key is its owner's alone"
done
ok 'authority.pem is the public half of authority.key' \
	sh -c 'openssl pkey -in authority/authority.key -pubout | cmp - authority/authority.pem'
ok 'the verifier got the authority'\''s public key' cmp authority/authority.pem state/authority.pub
cp authority/authority.key before
exits 'a second authority init overwrites nothing' 1 'authority.key: exists already' authority init authority
ok 'the key is the same as before' cmp authority/authority.key before
mkdir half && touch half/tls-ca.pem
exits 'not even one of its four files' 1 'tls-ca.pem: exists already' authority init half
ok 'nor does it leave a half of it' test ! -e half/authority.key
exits '--verifier needs --name' 2 'belong together' authority init other --verifier s
exits 'a name with a port is none' 2 'without blanks, ports or brackets' authority init other --verifier s --name host:8443x/
ok 'and nothing was made' test ! -e other
exits '--p384' 0 'P-384' authority init large --p384
ok 'makes a P-384 key' sh -c 'openssl pkey -in large/authority.key -noout -text | grep -q secp384r1'
exits 'a folder that cannot be made' 1 'No such file' authority init no/such/folder

# --- TLS certificates ------------------------------------------------------------------------------------------------------

ok 'the CA certificate is a CA, and signs itself' openssl verify -x509_strict -CAfile authority/tls-ca.pem authority/tls-ca.pem
for name in '-verify_hostname verifier.example' '-verify_ip 192.0.2.1' '-verify_ip 2001:db8::1'; do
	# shellcheck disable=SC2086 # two words
	ok "the verifier's certificate verifies: $name" openssl verify -x509_strict -purpose sslserver $name -CAfile authority/tls-ca.pem state/tls.crt
done
ok 'not for another name' sh -c '! openssl verify -verify_hostname other.example -CAfile authority/tls-ca.pem state/tls.crt'
ok 'not as a client' sh -c '! openssl verify -purpose sslclient -CAfile authority/tls-ca.pem state/tls.crt'
ok 'not under another authority' sh -c '! openssl verify -CAfile large/tls-ca.pem state/tls.crt'
openssl x509 -in state/tls.crt -noout -text >out
prints 'addresses are names as well, which is all that the agent compares' 'DNS:192.0.2.1, IP Address:192.0.2.1'
prints 'it has no end' 'Not After : Dec 31 23:59:59 9999'
prints 'it is no CA' 'CA:FALSE'
openssl pkey -in state/tls.key -pubout >expected
openssl x509 -in state/tls.crt -noout -pubkey >out
ok 'it is for the verifier'\''s TLS key' cmp expected out

# --- delegations -----------------------------------------------------------------------------------------------------------

# verifies NAME DELEGATION AUTHORITY HASH: openssl verifies it over what ctl.pl says the authority must have signed.
verifies() {
	$PERL delegation "$2" d
	ok "$1" openssl dgst "-$4" -verify "$3" -signature d.signature d.message
}
verifies 'the delegation is the authority'\''s signature over the policy, computed here' state/delegation-1 authority/authority.pem sha256
ok 'the authority keeps a copy of what it signed' sh -c 'cmp state/delegation-1 authority/delegations/*-1'
sed 's/^epoch 1/epoch 2/' state/delegation-1 >other-epoch
$PERL delegation other-epoch d
ok 'it does not verify for another epoch' sh -c '! openssl dgst -sha256 -verify authority/authority.pem -signature d.signature d.message'
exits 'a second epoch, and the certificate stays' 0 'epoch 2' authority delegate authority state --epoch 2
verifies 'it verifies, too' state/delegation-2 authority/authority.pem sha256
mkdir state384
cp state/verifier.pub state384
exits 'delegate to verifier.pub, brought from elsewhere' 0 'epoch 1, in large-out' \
	authority delegate large state384/verifier.pub --name v.example --out large-out
verifies 'a P-384 authority'\''s delegation verifies with SHA-384' large-out/delegation-1 large/authority.pem sha384
ok 'and its TLS certificate' openssl verify -x509_strict -CAfile large/tls-ca.pem large-out/tls.crt
exits 'a verifier of another authority is left alone' 1 'trusts another authority' authority delegate large state
exits 'without --name there must be a certificate' 1 'name HOST is needed' authority delegate large state384
exits 'a state directory without verifier.pub' 1 'start bootgated once' authority delegate authority half
exits 'no such verifier' 1 'nowhere: No such file' authority delegate authority nowhere --name v
exits 'no such authority' 1 'authority init. makes' authority delegate half state
exits 'epoch 0' 2 'epoch: a number from 1' authority delegate authority state --epoch 0
sed 's/^approval 04/approval 05/' state/verifier.pub >bent
exits 'a bent verifier.pub' 1 'bent: .*the file that bootgated wrote' authority delegate authority bent --name v
chmod 644 large/authority.key
exits 'a private key that others may read' 1 'chmod 600' authority delegate large state384 --name v
chmod 600 large/authority.key

exits 'authority show of an authority' 0 'epoch 2 .*verified' authority show authority
fingerprint=$(openssl pkey -pubin -in authority/authority.pem -outform DER | sha256sum | cut -d' ' -f1)
prints 'shows the fingerprint that openssl and sha256sum give' "^authority key .*$fingerprint"
silent 'and no secret' 'BEGIN'
exits 'authority show of a verifier' 0 'TLS names +verifier.example, 192.0.2.1, 2001:db8::1' authority show state
exits 'authority show of a delegation finds the key beside it' 0 'epoch 1 .* verified' authority show state/delegation-1
exits 'a delegation under another key' 3 'DOES NOT VERIFY' authority show state/delegation-1 --authority large/authority.pem
cp -r state forged && cp other-epoch forged/delegation-2
exits 'a forged delegation among a verifier'\''s' 3 'DOES NOT VERIFY' authority show forged
cp large-out/delegation-1 forged/delegation-1 && cp large/authority.pem forged/authority.pub && rm forged/delegation-2
"$CTL" authority init third --verifier third-state --name x >/dev/null
cp third-state/verifier.pub forged/verifier.pub
exits 'a delegation of other keys than the verifier'\''s' 3 'OF OTHER KEYS' authority show forged
# --- a verifier is lost ----------------------------------------------------------------------------------------------------

# In an authority of its own: fleet-1 and fleet-2, of which the first is lost.
"$CTL" authority init fleet --verifier fleet-1 --name v1 >/dev/null
"$CTL" authority init scratch --verifier fleet-2 --name v2 >/dev/null
rm fleet-2/authority.pub fleet-2/delegation-1 fleet-2/tls.crt
exits 'a second verifier' 0 'delegated, epoch 1' authority delegate fleet fleet-2 --name v2
lost=$("$CTL" authority show fleet-1 | awk '$1 == "approval" { print substr($4, 1, 10); exit }')
exits 'authority revoke, with too few digits' 1 'of no verifier that fleet ever' authority revoke fleet 0cc
exits 'authority revoke' 0 "revoked: $lost.*epoch 1" -c nowhere authority revoke fleet "$lost"
prints 'names the file for each other verifier' 'fleet/delegations/[0-9a-f]*-2, to be its STATEDIR/delegation-2'
again=$(cat out)
cp fleet/delegations/*-2 fleet-2/delegation-2
verifies 'the new delegation verifies' fleet-2/delegation-2 fleet/authority.pem sha256
ok 'the lost verifier has none' test "$(find fleet/delegations -name '*-2' | wc -l)" = 1
exits 'authority show of the verifier finds it good' 0 'epoch 2 .* verified' authority show fleet-2
exits 'authority revoke once more' 0 . -c nowhere authority revoke fleet "$lost"
ok 'does and says the same' test "$again" = "$(cat out)"
ok 'the files, too' cmp fleet/delegations/*-2 fleet-2/delegation-2
exits 'authority show names who was revoked' 0 "revoked +approval $lost" authority show fleet
exits 'who was revoked is not delegated to again' 1 'this verifier was revoked' authority delegate fleet fleet-1
exits 'not even for the old epoch' 1 'this verifier was revoked' authority delegate fleet fleet-1 --epoch 1
exits 'others get the newest epoch' 0 'delegated, epoch 2' authority delegate fleet fleet-2
mkdir fleet-3
"$CTL" authority init scratch2 --verifier fleet-3 --name v3 >/dev/null
rm fleet-3/authority.pub fleet-3/delegation-1
exits 'a new verifier, as well' 0 'delegated, epoch 2' authority delegate fleet fleet-3
exits 'and the old epoch by its number, for machines that are on it' 0 'delegated, epoch 1' authority delegate fleet fleet-3 --epoch 1
exits 'a second loss begins a third epoch' 0 'epoch 3, delegated to' -c nowhere authority revoke fleet fleet-2
exits 'a loss while an epoch without him stands begins none' 0 'epoch 3, delegated to' -c nowhere authority revoke fleet "$lost"
echo nonsense >fleet/delegations/nonsense
exits 'a copy that is none is named' 1 'nonsense: .*copy of a delegation' authority delegate fleet fleet-3
rm fleet/delegations/nonsense

exits 'authority show of something else' 1 'neither an authority' authority show half
exits 'authority show of a file that is none of it' 1 'no delegation, verifier.pub' authority show "$top/LICENSE"

# --- configuration ---------------------------------------------------------------------------------------------------------

cat >bootgated.conf <<EOF
state = "$work/state"
listen = { "127.0.0.1:8443" }
default-policy = "uki"
EOF
exits 'no configuration' 1 'nowhere.conf: not found' -c nowhere.conf machine list
printf '# a\n\nstate = "x" // b\n/* c\n */\nlisten = { "127.0.0.1:1" }\nspeling = 1\n' >wrong.conf
exits 'an error in the configuration has file and line' 1 'wrong.conf:7: .*speling' -c wrong.conf machine list
sed "s|$work/state|$work/nowhere|" bootgated.conf >elsewhere.conf
exits 'a state directory that is not there' 1 'nowhere' -c elsewhere.conf machine list
exits '-c after the verb' 0 '^MACHINE' machine list -c bootgated.conf

ctl() {
	ctl_name=$1 ctl_status=$2 ctl_pattern=$3
	shift 3
	exits "$ctl_name" "$ctl_status" "$ctl_pattern" -c bootgated.conf "$@"
}

# --- policies --------------------------------------------------------------------------------------------------------------

exits 'the shipped policy loads' 0 'uki/1 loads' policy check "$top/policy/uki.conf"
sed 's/rule = door/rule = floor/' "$top/policy/uki.conf" >wrong-policy.conf
line=$(grep -n floor wrong-policy.conf | cut -d: -f1)
exits 'one with an error does not, and file and line are said' 3 "wrong-policy.conf:$line: .*floor" policy check wrong-policy.conf
grep -v 'pcr 14' "$top/policy/uki.conf" >hole.conf
exits 'one that leaves a PCR out does not' 3 'PCR 14 has no rule' policy check hole.conf
exits 'no such policy file' 1 'nowhere: not found' policy check nowhere
ctl 'what does not load is not applied' 3 floor policy apply wrong-policy.conf
ctl 'policy apply' 0 'uki/1 is now the policy "uki"' policy apply "$top/policy/uki.conf"
ctl 'it says which lists are empty yet' 0 'warning: list .* is empty.*reference add' policy apply "$top/policy/uki.conf"
ctl 'policy list shows it' 0 '^uki +uki/1 .*empty' policy list
ctl 'policy show' 0 'policy uki' policy show
ok 'gives back its text' cmp out "$top/policy/uki.conf"
ctl 'a name that is none' 2 'letters, digits' policy apply "$top/policy/uki.conf" --name 'a b'
ctl 'a second one' 0 'the policy "second"$' policy apply "$top/policy/uki.conf" --name second
ctl 'policy remove' 0 'are denied' policy remove second
ctl 'what is removed is gone' 1 'second: not found' policy remove second
ctl 'policy show of none' 1 'there is no such policy' policy show second
exits 'policy checks prints the numbered table' 0 '^A[0-9]+ +the enrolled AK signed' policy checks

# --- reference values ------------------------------------------------------------------------------------------------------

$PERL linux linux
$PERL uki uki.efi linux
$PERL uki other.efi linux 'root=/dev/mapper/other noresume'
image=$($PERL authenticode uki.efi)
ctl 'reference add of an image' 0 "^added +uki +$image\$" reference add uki.efi --note 'the first'
prints 'with the kernel in it' "^added +uki.kernels +$($PERL authenticode linux)\$"
prints 'its sections' "^added +uki.sections +$(sha256sum <linux | cut -d' ' -f1)\$"
initrd=$(perl -e 'print "an initrd\n" x 100' | sha256sum | cut -d' ' -f1)
prints 'its initrd' "^added +initrd +$initrd\$"
prints 'its command line' '^added +cmdline +"root=/dev/mapper/root noresume"$'
ctl 'the same again' 0 "^known already +uki +$image\$" reference add uki.efi
ctl 'the policy is complete now' 0 '^uki +uki/1 .*complete$' policy list
ctl 'a second image' 0 'root=/dev/mapper/other' reference add other.efi
ctl 'a prefix makes lists of its own' 0 '^added +laptops.uki ' reference add uki.efi --list-prefix laptops.
ctl 'reference list shows note and time' 0 "^uki +20[0-9-]+ [0-9:]+Z +$image +the first\$" reference list uki
ctl 'one value' 0 '^added +uki +00*1$' reference add uki "$(printf %064d 1)"
ctl 'a digest of zeros' 2 'zeros only' reference add uki "$(printf %064d 0)"
ctl 'an empty value' 2 'neither empty' reference add cmdline ''
ctl 'blanks only' 2 'neither empty' reference add cmdline '  '
ctl 'a digest that was cut' 2 'SHA-256, 64 hex digits' reference add uki 0123456789abcdef
ctl 'a text among digests would deny every machine' 1 'refused, since every machine would be denied' reference add uki 'a text' --text
ctl 'and is not there' 0 '^LIST' reference list
silent 'really not' 'a text'
ctl 'a command line' 0 '^added +cmdline +"quiet noresume"' reference add cmdline 'quiet noresume'
ctl 'as the messages write it, with --list' 0 '^added +cmdline' reference add --list cmdline 'quiet noresume ro'
ctl 'a file that is no image' 1 'not a unified kernel image' reference add "$top/Makefile"
ctl 'an image without .cmdline' 1 'must hold the sections' reference add linux
ctl 'no such file' 1 'nowhere: not found' reference add nowhere
ctl 'reference remove of an image takes its own digest' 0 "^removed +uki +$image\$" reference remove uki.efi
silent 'and leaves what others may share' '^removed +cmdline'
ctl 'with --all, everything' 0 '^removed +cmdline +"root=/dev/mapper/root noresume"' reference remove uki.efi --all
if grep -q "warning: list .* is empty.*P1 denies" err; then pass "the last value of a list: it is said who is denied then"; else fail "the last value of a list: it is said who is denied then"; fi
ctl 'a value, wherever it is' 0 "^removed +laptops.uki +$image\$" reference remove "$image"
ctl 'a value that is nowhere' 1 'no list holds this value' reference remove "$image"

# --- enrolment tokens ------------------------------------------------------------------------------------------------------

ctl 'enroll token' 0 'good until' enroll token --ttl 3600 --label 'web 1'
lines 1 'prints the token alone'
prints 'in its form' '^bg1-[0-9a-f]{80}$'
token=$(cat out)
id=$(printf %.16s "${token#bg1-}") key=${token#bg1-????????????????}
ctl 'enroll list shows it' 0 "^$id .* any +- +web 1\$" enroll list
silent 'without its key' "$key"
ok 'the database does not hold the key' sh -c "! perl -0777 -ne 'exit(index(\$_, pack(q(H*), q($key))) < 0)' state/bootgate.db state/bootgate.db-wal"
ctl 'for one machine' 0 'only of machine 0000' enroll token --machine "$(printf %064d 7)"
ctl 'for a machine that is not known by a short id' 1 'no machine has this label' enroll token --machine 00000000
ctl 'with a policy that is not there' 1 'there is no such policy' enroll token --policy nonesuch
ctl 'with a policy' 0 'policy uki' enroll token --policy uki
ctl 'a ttl of nothing' 2 'ttl: a number from 1' enroll token --ttl 0
ctl 'a label with a control character' 2 'control characters' enroll token --label "$(printf 'a\033b')"
ctl 'enroll cancel' 0 "^$id cancelled" enroll cancel "$id"
ctl 'what is cancelled is gone' 0 '^TOKEN' enroll list
silent 'really gone' "^$id"
ctl 'enroll cancel of none' 1 "$id: not found" enroll cancel "$id"
mv state/share.master aside
ctl 'without the verifier'\''s keys' 1 'share.master: not found; start bootgated once' enroll token
mv aside state/share.master
chmod 644 state/bootgate.db
ctl 'a database that others may read' 1 'chmod 600' machine list
chmod 600 state/bootgate.db

# --- machines, holds: what there is none of ---------------------------------------------------------------------------------

ctl 'no machine yet' 1 'no machine has this label' machine show 01234567
ctl 'nothing is held' 0 '^HOLD' hold list
ctl 'no such hold' 1 'nothing waits under this id' hold approve 01234567
ctl 'a hold by too few digits' 1 'at least 8' hold deny 0123

# --- the audit log ---------------------------------------------------------------------------------------------------------

ctl 'what the operator did stands in the audit log' 0 'operator .*policy apply uki/1 as uki' audit list
prints 'tokens by their ids' "operator .*enroll token $id, for any machine, 1 times"
silent 'never by their keys' "$key"
prints 'reference values' "reference add uki $image"
ctl '--last' 0 '^NUMBER' audit list --last 2
lines 3 'gives so many'
ctl 'audit show' 0 '^kind +operator' audit show 1
ctl 'a record without a case' 1 'no case is kept' audit show 1 --case case
ctl 'no such record' 1 'there is no record 9999' audit show 9999
ctl 'audit verify' 0 'each follows from its predecessor' audit verify
head=$(sed -n 's/^head \([^ ]*\).*/\1/p' out)
ctl 'with a head of earlier' 0 'among them' audit verify --head "$head"
ctl 'with another head' 3 'another hash' audit verify --head "${head%%:*}:$(printf %064d 3)"
ctl 'with a head that was cut off' 3 'is not there' audit verify --head "999:$(printf %064d 3)"
ctl 'a head that is none' 2 'NUMBER:HASH' audit verify --head 7
if command -v sqlite3 >/dev/null; then
	sqlite3 state/bootgate.db 'DROP TRIGGER audit_no_update; UPDATE audit SET time = time + 1 WHERE number = 3;'
	ctl 'a changed record is named' 3 'record 3 does not follow' audit verify
else
	n=$((n + 1))
	echo "ok $n - a changed record is named # SKIP no sqlite3 here; test_ctl changes one, too"
fi

# --- appraisal: what is no case; test_ctl has real ones ---------------------------------------------------------------------

exits 'a case that is none' 1 'not a case file' appraise "$top/Makefile"
exits 'no such case' 1 'nowhere: not found' appraise nowhere
exits 'output that does not arrive is a failure' 2 . appraise
if [ -w /dev/full ]; then
	if "$CTL" policy checks >/dev/full 2>err; then fail 'a full disk is a failure'; else pass 'a full disk is a failure'; fi
fi

echo "1..$n"
exit $bad
