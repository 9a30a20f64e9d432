#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: a machine that boots what the verifier knows opens its root without anybody there, in two HTTP requests and at
# most 12 TPM commands (9 once the delegation is known), and leaves nothing loaded in the TPM.

. "$(dirname "$0")/fixture.sh"
fixture p384
verifier_start "$VERIFIER"

# What the TPM holds after the hand-over, asked by the installed system: transient objects, loaded and saved sessions.
cat >"$MACHINE/said/job" <<'EOF'
exec 3<>/dev/tpm0
for first in '\200' '\002' '\003'; do
	printf '\200\001\000\000\000\026\000\000\001\172\000\000\000\001'"$first"'\000\000\000\000\000\000\020' >&3
	echo "handles $(dd bs=4096 count=1 <&3 2>/dev/null | xxd -p -c 200)"
done
EOF

check "the root opens by approval" boots_through
check "the system that started is the one on the encrypted disk" said 'root is root'
check "the first boot sends at most 12 TPM commands" sends_at_most 12
commands | sed 's/^/# /'
no_key_is_made() {
	! commands | grep -qE '^(Create|CreatePrimary|CreateLoaded|ECDH_KeyGen) '
}
check "no key is generated in the TPM" no_key_is_made
nothing_stays_loaded() {
	# rc 0, no more data, capability HANDLES, none of them; three times
	[ "$(tr -d '\r' <"$MACHINE/verdict" | grep -cx 'handles 8001000000130000000000000000010\{8\}')" = 3 ]
}
check "nothing stays loaded in the TPM" nothing_stays_loaded

rm "$MACHINE/said/job"
requests=$(verifier_requests "$VERIFIER")
check "the next boot opens, too" boots_through
check "with a known delegation at most 9 TPM commands are sent" sends_at_most 9
commands | sed 's/^/# /'
check "a boot sends 2 HTTP requests" test $(($(verifier_requests "$VERIFIER") - requests)) = 2
done_testing "$MACHINE"
