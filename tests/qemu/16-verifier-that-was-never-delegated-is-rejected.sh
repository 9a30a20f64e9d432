#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S10): a verifier with all that a rightful one has, TLS certificate, database, share master, but with keys that
# another authority delegated, opens nothing.

. "$(dirname "$0")/fixture.sh"
fixture p256
rogue=$WORLD/rogue
cp -a "$VERIFIER" "$rogue"
rm -f "$rogue"/state/approval.pem "$rogue"/state/statement.pem "$rogue"/state/verifier.pub "$rogue"/state/delegation-* \
	"$rogue"/state/authority.pub
"$CTL" authority init "$WORLD/rogue-authority" --verifier "$rogue/state" --name 10.0.2.2 >/dev/null
cp "$VERIFIER/state/tls.crt" "$VERIFIER/state/tls.key" "$rogue/state"
verifier_start "$rogue"
check "the machine does not open" is_refused
check "it says that the authority in its image never delegated these keys" says 'were not delegated by the authority'
done_testing "$MACHINE"
