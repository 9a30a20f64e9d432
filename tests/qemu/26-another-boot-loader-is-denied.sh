#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S1): another program that firmware starts first, under a signature that it trusts, is denied though it goes on to
# start the untouched image; and the denial names that program.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
# Debian's passphrase is public.
openssl rsa -in "$RIG_SNAKEOIL.key" -passin pass:snakeoil -out "$WORLD/snakeoil.key" 2>/dev/null
sbsign --key "$WORLD/snakeoil.key" --cert "$RIG_SNAKEOIL.pem" --output "$WORLD/loader" \
	"$(dirname "$RIG_STUB")/systemd-bootx64.efi" 2>"$WORLD/said" || rig_die "sbsign: $(cat "$WORLD/said")"
rig_esp "$MACHINE/esp.img" "$WORLD/loader" "$WORLD/boot/uki" EFI/Linux/bootgate.efi
check "the machine is denied" is_denied

# The string of 32 bytes in front of a signature is the Authenticode digest of what it signs.
sbattach --detach "$WORLD/signature" "$WORLD/loader" 2>/dev/null
digest=$(openssl asn1parse -inform DER -in "$WORLD/signature" |
	sed -n 's/.* l= *32 prim: *OCTET STRING *\[HEX DUMP\]:\([0-9A-F]\{64\}\)$/\1/p' | head -n 1 | tr A-F a-f)
[ -n "$digest" ] || rig_die "the signature shows no digest"
check "the denial names the loader in PCR 4 by its event and digest" names P4 \
	"PCR 4 event [0-9]+: boot application .*BOOTX64\.EFI sha256 $digest "
check "it names no other program" test "$(tr -d '\r' <"$MACHINE/console" | grep -c 'P4: ')" -eq 1

rig_esp "$MACHINE/esp.img" "$WORLD/boot/uki"
check "with its own image first it opens again" boots_through
done_testing "$MACHINE"
