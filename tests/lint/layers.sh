#!/bin/sh
# SPDX-License-Identifier: ISC
# layers_point_down: an include may only point to a layer below; awkward libraries stay behind one door.  Prints TAP.
set -eu
cd "$(dirname "$0")/../.."
bad=0 n=0

# layer: what it may include besides itself
below() {
	case $1 in
	base) echo ;;
	crypto) echo base ;;
	structures) echo base crypto ;;
	tpm) echo base crypto structures ;;
	luks | eventlog) echo base crypto ;;
	ekcert) echo base structures ;;
	protocol) echo base crypto structures ;;
	policy) echo base crypto structures protocol eventlog ;;
	store) echo base crypto structures protocol policy ;;
	net) echo base crypto ;;
	agent) echo base crypto structures tpm protocol luks net ;;
	verifier) echo base crypto structures protocol eventlog ekcert policy store ;;
	ctl) echo base crypto structures protocol eventlog luks ekcert policy store ;;
	*) return 1 ;;
	esac
}

say() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		bad=1
	fi
}

for folder in src/*/; do
	layer=$(basename "$folder")
	allowed=$(below "$layer") || { say "layer $layer is known to this check" "src/$layer"; continue; }
	wrong=$(grep -n '^#include "' "$folder"*.[ch] | while IFS= read -r line; do
		target=$(printf '%s\n' "$line" | sed 's/.*#include "\([^/"]*\)\/.*/\1/')
		case " $layer $allowed " in
		*" $target "*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done)
	say "src/$layer includes only: $layer $allowed" "$wrong"
done

# library header: the only places that may include it
only() {
	wrong=$(grep -ln "#include <$1" src/*/*.[ch] | grep -Ev "$2" || true)
	say "<$1 is included only in $2" "$wrong"
}
only tss2/ '^src/tpm/'
only bearssl '^src/crypto/|^src/net/|^src/verifier/(front|tls)'
only cbor.h '^src/protocol/cbor\.'
only jsmn.h '^src/luks/json\.'
only sqlite3.h '^src/store/'
only openssl/ '^src/ekcert/|^src/verifier/ekcert_main|^src/ctl/tls'
only confuse.h '^src/policy/policy|^src/verifier/|^src/ctl/|^src/store/'

echo "1..$n"
exit $bad
