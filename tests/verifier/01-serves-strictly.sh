#!/bin/sh
# SPDX-License-Identifier: ISC
# bootgated speaks TLS 1.2 with real peers, and HTTP by its own strict reader; it starts, reloads, recovers and ends as bootgated(8) says.
# shellcheck source=daemon.inc
. "$(dirname "$0")/daemon.inc"

prepare 'max-clients-per-address = 20'
start || { fail "the daemon starts"; finish; }
pass "the daemon starts as an ordinary user on any port"

# --- TLS ---
is "curl takes the certificate and gets an answer" ok "$(health)"
hello() { openssl s_client "$@" -CAfile "$work/authority/tls-ca.pem" -connect "localhost:$port" </dev/null 2>&1 || true; }
like "openssl shakes hands, TLS 1.2 with an ECDSA suite" 'New, TLSv1.2, Cipher is ECDHE-ECDSA-' "$(hello -tls1_2)"
like "the certificate verifies" 'Verify return code: 0 ' "$(hello -tls1_2 -verify_hostname localhost)"
# refused NAME ARGUMENTS...: the client says hello, with what no client would offer of its own accord, and no cipher comes of it.
refused() {
	name=$1
	shift
	said=$(hello "$@" -msg)
	case $said in
	*ClientHello*) like "$name" 'Cipher is \(NONE\)' "$said" ;;
	*) fail "$name: was offered" "$said" ;;
	esac
}
old='ALL:COMPLEMENTOFALL:@SECLEVEL=0'
for version in -tls1 -tls1_1; do
	refused "another version is refused: $version" $version -cipher "$old"
done
refused "another version is refused: -tls1_3" -tls1_3
for suite in ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES256-SHA384 ECDHE-ECDSA-NULL-SHA AECDH-NULL-SHA DHE-RSA-AES128-SHA; do
	refused "a suite that is weak, or for other keys, is refused: $suite" -tls1_2 -cipher "$suite:@SECLEVEL=0"
done
for group in prime192v1 secp224r1 sect283k1; do
	refused "a weak curve is refused: $group" -tls1_2 -cipher "$old" -groups "$group"
done
# shellcheck disable=SC2016 # perl's, not the shell's
is "what is not TLS gets nothing" "" "$(printf 'GET /healthz HTTP/1.1\r\n\r\n' | timeout 5 perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die; print $s <STDIN>; local $/; my $a = <$s>; print $a =~ /HTTP/ ? $a : ""' "$port" || true)"

# --- HTTP ---
is "an unknown route is 404" 404 "$(code /nothing)"
is "a known route by another method is 405" 405 "$(code /v1/attest)"
like "405 names the method" '^Allow: POST' "$(ask /v1/attest -i)"
is "a body that is no evidence is 400" 400 "$(code /v1/attest --data-binary nonsense)"
is "a challenge is 200" 200 "$(code /v1/challenge -X POST -H 'Content-Length: 0')"
is "a body where none belongs is 413" 413 "$(code /v1/challenge --data-binary x)"
is "chunks are 501" 501 "$(code /v1/attest -H 'Transfer-Encoding: chunked' --data-binary x)"
is "an expectation is 417" 417 "$(code /v1/attest -H 'Expect: 100-continue' --data-binary x)"
head -c 700000 /dev/zero >"$work/large"
is "too large a body is 413, and the answer arrives" 413 "$(code /v1/attest -H 'Expect:' --data-binary "@$work/large")"
like "two Content-Lengths are refused" '^HTTP/1.1 400 ' "$(printf 'POST /v1/attest HTTP/1.1\r\nHost: v\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n' | raw)"
like "a bare LF is refused" '^HTTP/1.1 400 ' "$(printf 'GET /healthz HTTP/1.1\nHost: v\n\n' | raw)"
is "two requests at once get two answers, in order" "200 404" "$(printf 'GET /healthz HTTP/1.1\r\nHost: v\r\n\r\nGET /x HTTP/1.1\r\nHost: v\r\n\r\n' |
	raw | grep -a -o '^HTTP/1.1 [0-9]*' | cut -d' ' -f2 | paste -sd' ')"
is "one connection serves many requests" "200 200 200 1" "$(ask /healthz -o /dev/null -o /dev/null -o /dev/null -w '%{http_code} ' \
	"https://localhost:$port/healthz" "https://localhost:$port/healthz"; ask /healthz -o /dev/null -w '%{num_connects}')"

# --- limits ---
crowd() {
	# shellcheck disable=SC2016 # perl's, not the shell's
	perl -MIO::Socket::INET -e '
		my @s = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") } 1 .. 40;
		select undef, undef, undef, 1;
		my $closed = 0;
		for (@s) { $_->blocking(0); my $r = sysread $_, my $b, 1; $closed++ if defined $r && $r == 0 }
		print "$closed\n"; sleep $ARGV[1]' "$port" "$1"
}
is "of forty silent connections of one address, twenty stay" 20 "$(crowd 0)"
crowd 15 >/dev/null &
sleep 13
is "and they are gone after ten seconds, so others are served" ok "$(health)"
wait $!
slow=$(perl -e '$| = 1; print "GET /heal"; sleep 12; print "thz HTTP/1.1\r\n"' | raw || true)
like "a request that takes longer than ten seconds is 408" '^HTTP/1.1 408 ' "$slow"

# --- reload, crash, end ---
before=$(children front)
refused=$(
	(
		for _ in $(seq 40); do health || echo refused; done
	) | grep -c refused &
	sleep 0.3
	kill -HUP "$pid"
	wait
)
is "a reload refuses no connection" 0 "$refused"
sleep 1
if [ "$(children front)" != "$before" ]; then pass "a reload starts new processes"; else fail "a reload starts new processes"; fi
echo 'nonsense = 1' >>"$work/conf"
kill -HUP "$pid"
sleep 0.5
is "a reload of a configuration that does not load changes nothing" ok "$(health)"
like "and says why, with file and line" "conf:[0-9]*: no such option 'nonsense'; going on as before" "$(cat "$work/log")"
sed -i '/nonsense/d' "$work/conf"
mv "$work/state/tls.crt" "$work/tls.crt"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj /CN=localhost -out "$work/state/tls.crt" 2>/dev/null
chmod 644 "$work/state/tls.crt"
kill -HUP "$pid"
sleep 0.5
is "nor does a certificate for another key" ok "$(health)"
like "which is said" 'tls.crt: the certificate is for another key than tls.key; going on as before' "$(cat "$work/log")"
cp "$work/tls.crt" "$work/state/tls.crt"
for role in front desk judge; do
	kill -9 "$(children $role | head -n 1)"
	sleep 0.7
	is "a $role that is killed is started again" ok "$(health)"
done
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
is "SIGTERM ends it with status 0" 0 "$status"
pid=

# --- what does not start ---
starts_not() {
	status=0
	timeout 10 "$work/bin/bootgated" -c "$1" >"$work/said" 2>&1 || status=$?
	is "$2" "$3" "$status"
}
echo 'nonsense = 1' >"$work/wrong"
starts_not "$work/wrong" "an unknown key: status 3" 3
starts_not "$work/nowhere" "no configuration: status 3" 3
chmod 644 "$work/state/approval.pem"
starts_not "$work/conf" "a key that others may read: status 1" 1
like "and says which" 'approval.pem: others may read this key' "$(cat "$work/said")"
chmod 600 "$work/state/approval.pem"
echo nonsense >"$work/state/tls.crt"
starts_not "$work/conf" "a certificate that is none: status 1" 1
like "and says which" 'tls.crt: ' "$(cat "$work/said")"
finish
