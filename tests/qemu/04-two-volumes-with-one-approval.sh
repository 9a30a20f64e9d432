#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: any number of volumes open with one approval, also one that was added later on the running host.

. "$(dirname "$0")/fixture.sh"
fixture p384 2
verifier_start "$VERIFIER"

# A third volume is made and enrolled on the running host.
truncate -s 40M "$MACHINE/extra.img"
cat >"$MACHINE/said/job" <<'EOF'
printf 'test passphrase' >/run/passphrase
cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /run/passphrase /dev/vdd &&
	bootgate luks-enroll --passphrase-file /run/passphrase /dev/vdd >/dev/console 2>&1
EOF
check "root and data open" boots_through
check "the second volume is open" said "unlocked: luks-$FIXTURE_DATA_UUID"
check "at most 12 TPM commands are sent for both" sends_at_most 12
check "a volume is added on the running host" said 'job exit 0'

rm "$MACHINE/said/job"
requests=$(verifier_requests "$VERIFIER")
check "the root opens with three volumes enrolled" boots_through
three_are_open() {
	[ "$(tr -d '\r' <"$MACHINE/verdict" | grep -c '^unlocked: ')" = 3 ]
}
check "all three are open" three_are_open
check "at most 9 TPM commands are sent for all" sends_at_most 9
check "2 HTTP requests are sent for all" test $(($(verifier_requests "$VERIFIER") - requests)) = 2
done_testing "$MACHINE"
