#!/bin/sh
# SPDX-License-Identifier: ISC
# bootgatectl ek: a corpus of EK certificates, made here, each with what is wrong with it and the exact reason (S13); and the list of EKs
# that may enrol without a token.  Prints TAP.
# shellcheck disable=SC2317
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
CTL=${BOOTGATECTL:-$top/build/bootgatectl}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
n=0 bad=0

report() { # report NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		bad=1
		echo "not ok $n - $1"
		sed 's/^/# /' said
	fi
}
# ctl STATUS PATTERN ARGUMENTS...
ctl() {
	wanted=$1 pattern=$2 got=0
	shift 2
	"$CTL" "$@" >said 2>&1 </dev/null || got=$?
	[ "$got" = "$wanted" ] && grep -Eq -e "$pattern" said
}
says() { # says NAME STATUS PATTERN ARGUMENTS...
	says_name=$1
	shift
	if ctl "$@"; then report "$says_name" 0; else report "$says_name (status $got)" 1; fi
}
accepts() { says "accepted: $1" 0 'accepted: the EK certificate is good$' ek check "$2" --ca "${3:-trusted}"; }
refuses() { says "refused: $1" 3 "refused: .*$2" ek check "$3" --ca "${4:-trusted}"; }

# --- a maker, and what he signs

ec() { openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" -out "$2.key" 2>/dev/null; }
cat >conf <<'EOF'
[ca]
default_ca = maker
[maker]
new_certs_dir = .
database = index
serial = serial
policy = any
default_md = sha256
unique_subject = no
[any]
commonName = optional
[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[no_ca]
basicConstraints = critical, CA:FALSE
[ek]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyAgreement
extendedKeyUsage = critical, 2.23.133.8.1
[signs]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = 2.23.133.8.1
[web]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyAgreement
extendedKeyUsage = serverAuth
[ak]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyAgreement
extendedKeyUsage = 2.23.133.8.3
[bare]
basicConstraints = critical, CA:FALSE
[unknown]
basicConstraints = critical, CA:FALSE
keyUsage = critical, keyAgreement
extendedKeyUsage = critical, 2.23.133.8.1
1.2.3.4.5 = critical, DER:0500
EOF
: >index
echo 01 >serial
PAST=20200101000000Z THEN=20210101000000Z FUTURE=20700101000000Z LATER=20800101000000Z

# root NAME SUBJECT [HASH]: a CA of its own
root() {
	openssl req -x509 -new -key "$1.key" -subj "$2" -days 9000 -config conf -extensions root -"${3:-sha256}" -out "$1.pem" 2>/dev/null
}
# sign NAME ISSUER EXTENSIONS [FROM UNTIL [HASH]]: NAME.pem for NAME.key
sign() {
	openssl req -new -key "$1.key" -subj "/CN=$1" -config conf -out csr 2>/dev/null
	openssl ca -batch -config conf -cert "$2.pem" -keyfile "$2.key" -extensions "$3" -startdate "${4:-$PAST}" -enddate "${5:-$LATER}" -md "${6:-sha256}" \
		-notext -in csr -out "$1.pem" 2>log || { cat log; exit 1; }
}
for key in maker between ek256 old idle other forger; do ec P-256 $key; done
ec P-384 ek384
ec secp521r1 ek521
openssl genrsa -out ekrsa.key 2048 2>/dev/null
openssl genrsa -out ekrsa4096.key 4096 2>/dev/null
openssl genrsa -out weakca.key 1024 2>/dev/null
openssl genrsa -out rsamaker.key 2048 2>/dev/null
root maker /CN=maker
root weakca /CN=weak
root rsamaker /CN=rsamaker
root forger /CN=maker
mkdir trusted weak both
cp maker.pem rsamaker.pem trusted
cp weakca.pem weak

for key in ek256 ek384 ekrsa; do
	sign $key maker ek
	accepts "an EK certificate of $key" $key.pem
done
openssl x509 -in ek256.pem -outform DER -out ek256.der
accepts "in DER" ek256.der
sign other maker bare
accepts "without any key usage, as the profile allows" other.pem

refuses "a CA that nobody trusts" 'no configured CA' ek256.pem weak
refuses "with nothing that is trusted" 'no manufacturer.s CA is configured' ek256.pem conf
sign ek256 forger ek
refuses "a forger with the maker's name" 'the EK certificate.s signature does not verify' ek256.pem
cat ek256.pem forger.pem >chain.pem
refuses "a forger who sends his CA along" "the issuer.s chain does not end at a configured CA" chain.pem
openssl req -x509 -new -key ek256.key -subj /CN=self -days 9000 -config conf -extensions ek -out self.pem 2>/dev/null
refuses "signed by itself" 'no configured CA' self.pem
sign ek256 maker signs
refuses "for a key that signs" 'key usage is not that of a key that decrypts' ek256.pem
sign ek256 maker web
refuses "for a web server" 'does not name EK certificates' ek256.pem
sign ek256 maker ak
refuses "for an AK" 'does not name EK certificates' ek256.pem
refuses "the CA itself" "a CA's, not an EK's" maker.pem
sign ek256 maker unknown
refuses "a critical extension that nobody knows" 'critical extension that is not understood' ek256.pem
sign ek256 maker ek "$PAST" "$THEN"
refuses "expired" 'the EK certificate has expired' ek256.pem
sign ek256 maker ek "$FUTURE" "$LATER"
refuses "not valid yet" 'not valid yet' ek256.pem
sign ek256 maker ek "$PAST" "$LATER" sha1
accepts "SHA-1, as older makers signed" ek256.pem
sign ek256 rsamaker ek
accepts "by a maker with RSA-2048" ek256.pem
sign ek256 rsamaker ek "$PAST" "$LATER" md5
refuses "MD5" 'too weak' ek256.pem
sign ek256 weakca ek
refuses "a CA with RSA-1024" 'too weak' ek256.pem weak
sign ek521 rsamaker ek
refuses "a key on P-521" 'of a kind that is not read' ek521.pem
sign ekrsa4096 maker ek
refuses "RSA-4096" 'of a kind that is not read' ekrsa4096.pem

# An intermediate of the maker's.
sign between maker root
sign ek256 between ek
cat ek256.pem between.pem >chain.pem
accepts "a chain that was sent along" chain.pem
refuses "without its intermediate" 'no configured CA' ek256.pem
sign between maker root "$PAST" "$THEN"
sign ek256 between ek
cat ek256.pem between.pem >chain.pem
refuses "an intermediate that has expired" 'has expired, or is not valid yet' chain.pem
sign between maker no_ca
sign ek256 between ek
cat ek256.pem between.pem >chain.pem
refuses "an issuer that is no CA" "issuer is no CA" chain.pem
cp maker.key old.key
openssl req -new -key old.key -subj /CN=maker -config conf -out csr 2>/dev/null
openssl ca -batch -selfsign -config conf -keyfile old.key -extensions root -startdate "$PAST" -enddate "$THEN" -notext -in csr -out old.pem 2>log
mkdir expired
cp old.pem expired
sign ek256 maker ek
refuses "a configured CA that has expired" 'has expired, or is not valid yet' ek256.pem expired
cp old.pem maker.pem both
accepts "beside its successor of the same name and key" ek256.pem both

# ASN.1
openssl x509 -in ek256.pem -outform DER -out good.der
head -c 100 good.der >cut.der
refuses "cut short" 'cannot be read' cut.der
{ printf '\060\200'; tail -c +5 good.der; } >indefinite.der
refuses "an indefinite length" 'cannot be read' indefinite.der
head -c 300 /dev/urandom >noise.der
refuses "noise" 'cannot be read' noise.der
: >empty
refuses "an empty file" 'no EK certificate was sent' empty

# --- usage

says "a file that is not there" 1 'nowhere: not found' ek check nowhere --ca trusted
says "without a configuration, --ca is asked for" 1 'ek: |--ca DIR' -c nowhere ek check good.der
says "no file" 2 'missing' ek check

# --- the list

mkdir state
printf 'state = "%s/state"\nlisten = { "127.0.0.1:1" }\nname = "test"\ndefault-policy = "none"\nek-ca = { "%s/trusted" }\n' "$work" "$work" >bg.conf
[ "$(id -u)" != 0 ] || chown 65534 "$work" state
chmod 755 "$work"
says "with a configuration, its ek-ca counts" 0 'accepted: ' -c bg.conf ek check good.der
id=$(sed -n 's/^  machine \([0-9a-f]*\).*/\1/p' said)
says "an EK is listed by its certificate" 0 "$id may enrol without a token" -c bg.conf ek add good.der --label web1
says "an expired one too: the operator's word stands for it" 0 'may enrol' -c bg.conf ek add "$top/tests/data/ek/leaf/stm-ek-STM_TPM_EK_Intermediate_CA_02-07d685f9.der"
says "or by its machine's id" 0 'may enrol' -c bg.conf ek add "$(printf '%064d' 7)" --label seven
says "the list shows them" 0 "^$id  - +web1" -c bg.conf ek list
says "all three" 0 '^e050ba46cafee9737500ae4991c35234674a7cdd1ce5bb869d27c25991267f68 ' -c bg.conf ek list
says "not with a policy that is not there" 1 'there is no such policy' -c bg.conf ek add good.der --policy nosuch
says "not from something else" 1 'no certificate of an EK' -c bg.conf ek add noise.der
says "not with part of an id" 1 'not found' -c bg.conf ek add 0000000000000007
says "one is removed by its label" 0 'seven removed' -c bg.conf ek remove seven
says "one by its first digits" 0 'e050ba46 removed' -c bg.conf ek remove e050ba46
says "not one that is not there" 1 'not found' -c bg.conf ek remove e050ba46
says "it stands in the audit log" 0 "operator .*ek add $id web1" -c bg.conf audit list
says "also that it was removed" 0 "ek remove $(printf '%064d' 7) seven" -c bg.conf audit list

echo "1..$n"
exit "$bad"
