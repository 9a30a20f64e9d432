#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S10): whoever owns the network, its DHCP and its DNS, and answers at the verifier's address: a captive portal without TLS, one with a
# certificate of his own, one with the verifier's certificate and a page to log in. In one boot none of them opens the disk, each is told why; when
# the verifier answers again, the same boot opens.

. "$(dirname "$0")/fixture.sh"
fixture p256
printf 'HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n' >"$WORLD/page"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$WORLD/rogue.key" -subj /CN=10.0.2.2 -days 2 \
	-addext subjectAltName=DNS:10.0.2.2 -out "$WORLD/rogue.crt" 2>/dev/null

# answers SOCAT-ADDRESS PATTERN: that is at the verifier's address, until the console shows the reason.
answers() {
	socat "$1" SYSTEM:"cat $WORLD/page; sleep 1" 2>>"$WORLD/socat.log" &
	rogue=$!
	echo $rogue >>"$RIG_WORK/pids"
	shown=0
	rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" "$2" || shown=1
	kill $rogue
	wait $rogue 2>/dev/null || :
	return $shown
}
where=bind=127.0.0.1,fork,reuseaddr
machine_boot "$MACHINE"
check "a portal without TLS is no verifier, and that is said" answers "TCP-LISTEN:8443,$where" ':8443: (TLS failed|no connection|timed out)'
check "one with a certificate of his own is not reached" \
	answers "OPENSSL-LISTEN:8443,$where,cert=$WORLD/rogue.crt,key=$WORLD/rogue.key,verify=0" 'not from the configured CA'
check "one with the verifier's own certificate says nothing that counts" \
	answers "OPENSSL-LISTEN:8443,$where,cert=$VERIFIER/state/tls.crt,key=$VERIFIER/state/tls.key,verify=0" 'not able to serve now: HTTP status 302'
shut() {
	! machine_said "$MACHINE" 'unlocked: .*'
}
check "the disk is shut" shut
verifier_start "$VERIFIER"
check "when the verifier answers again, the same boot opens" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
done_testing "$MACHINE"
