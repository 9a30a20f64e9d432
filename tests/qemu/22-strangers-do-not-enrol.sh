#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S13, S30): a machine does not enrol with an EK certificate of a maker that is not trusted, nor with a token that
# is not the verifier's; what was begun is undone, and its passphrase stays.

. "$(dirname "$0")/fixture.sh"
fixture p256
stranger=$WORLD/stranger
token=$WORLD/token
ctl "$VERIFIER" enroll token >"$token" 2>>"$VERIFIER/log"

# enrols TOKEN-FILE: whether a new machine's installer boot ends with an enrolled machine.
enrols() {
	rm -rf "$stranger"
	world_new_machine "$WORLD" "$stranger" p256 1 "$1"
	machine_boot "$stranger"
	machine_end "$stranger"
	machine_said "$stranger" installed
}
is_not_enrolled() {
	! enrols "$1" && machine_said "$stranger" 'failed: enroll: exit status 7'
}

# The one maker that is trusted is another one.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=somebody -days 2 \
	-out "$WORLD/somebody.pem" 2>/dev/null
verifier_start "$VERIFIER"
rm "$VERIFIER"/ek-ca/*
cp "$WORLD/somebody.pem" "$VERIFIER/ek-ca"
kill -HUP "$(cat "$VERIFIER/pid")"
sleep 1
check "with a certificate of another maker it is not enrolled" is_not_enrolled "$token"
check "the reason names the certificate" machine_sees "$stranger" 'refuses: .*certificate'
check "what was begun is undone, and said" machine_sees "$stranger" 'undone: '
verifier_stop "$VERIFIER"

verifier_start "$VERIFIER"
# Another secret under the token's name.
sed 's/0$/1/;t;s/.$/0/' <"$token" >"$WORLD/forged"
check "with a token that is not the verifier's it is not enrolled" is_not_enrolled "$WORLD/forged"
check "the reason names the token" machine_sees "$stranger" 'refuses: .*token'
check "with the verifier's token and a trusted maker it enrols" enrols "$token"
check "with the same token another machine does not" is_not_enrolled "$token"
done_testing "$stranger"
