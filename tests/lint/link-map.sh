#!/bin/sh
# SPDX-License-Identifier: ISC
# What the link maps show: the agent cannot sign approvals, the verifier cannot talk to a TPM, no OpenSSL in the agent.  Prints TAP.
# shellcheck disable=SC2016,SC2317 # commands are handed over as arguments
set -eu
cd "$(dirname "$0")/../.."
n=0 bad=0

ok() { # ok NAME COMMAND...: the command succeeds
	n=$((n + 1))
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; bad=1; fi
}
none() { # none FILE PATTERN: no line of the symbols has it
	! nm "$1" | grep -Eq "$2"
}
has() {
	nm "$1" | grep -Eq "$2"
}
absent() {
	! grep -Eq "$2" "$1"
}

ok "the agent is one static PIE: no interpreter" sh -c '! readelf -lW build/bootgate | grep -q INTERP && readelf -hW build/bootgate | grep -q "DYN (Position"'
ok "the agent needs no shared library" sh -c '! readelf -dW build/bootgate | grep -q NEEDED'
ok "the agent is at most 512 KiB" sh -c 'test "$(stat -c %s build/bootgate)" -le 524288'
ok "the agent holds no signing of approvals" none build/bootgate.full ' (ecdsa_sign|cose_sign|br_ecdsa_i31_sign_raw|br_ecdsa_i31_sign_asn1|br_ecdsa_i15_sign_raw|keyfile_decode_private)$'
ok "the verifier holds signing (so the check above can fail)" has build/bootgated ' (ecdsa_sign|cose_sign)$'
ok "the agent holds no OpenSSL" absent build/bootgate.map 'libcrypto|libssl'
ok "the verifier holds no ESYS" none build/bootgated '(Esys_|Tss2_)'
ok "the agent holds ESYS (so the check above can fail)" has build/bootgate.full 'Esys_Quote'
ok "the operator's tool holds no ESYS" none build/bootgatectl '(Esys_|Tss2_)'
ok "the verifier has no libtss" sh -c '! readelf -dW build/bootgated | grep -q tss2'

echo "1..$n"
exit $bad
