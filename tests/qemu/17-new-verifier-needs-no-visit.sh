#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: a verifier with keys of its own, delegated by the authority, opens machines that nobody touched.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
check "the root opens by the first verifier" boots_through
verifier_stop "$VERIFIER"

# Of the first verifier's it shares what a fleet shares: database and share master.
new=$WORLD/new
cp -a "$VERIFIER" "$new"
rm -f "$new"/state/*.pem "$new"/state/verifier.pub "$new"/state/delegation-* "$new"/state/tls.*
verifier_launch "$new"
makes_keys() {
	test -s "$new/state/verifier.pub" && ! cmp -s "$new/state/verifier.pub" "$VERIFIER/state/verifier.pub"
}
check "the new verifier makes keys of its own" rig_wait 5 makes_keys
"$CTL" authority delegate "$WORLD/authority" "$new/state" --name 10.0.2.2 >>"$new/log" 2>&1
check "it serves as soon as it is delegated" rig_wait 10 verifier_answers
check "the root opens by the new verifier" boots_through
check "at most 12 TPM commands are sent, its delegation being new" sends_at_most 12
commands | sed 's/^/# /'
check "the TPM checked the authority's signature" sends VerifySignature
check "the root opens again" boots_through
check "at most 9 TPM commands are sent" sends_at_most 9
commands | sed 's/^/# /'
done_testing "$MACHINE"
