#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S12): the disk of an enrolled machine opens in no other one, whatever that one enrols as.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
mv "$MACHINE/tpm" "$WORLD/tpm-of-the-machine"
rig_tpm "$MACHINE/tpm" p256
check "with another TPM it does not open, and says why" does_not_open 'the TPM was cleared, or is another one'
no_approval() {
	! machine_sees "$MACHINE" 'approved under policy'
}
check "nothing is approved" no_approval

rm -rf "$MACHINE/tpm"
mv "$WORLD/tpm-of-the-machine" "$MACHINE/tpm"
check "in its own machine it opens" boots_through
done_testing "$MACHINE"
