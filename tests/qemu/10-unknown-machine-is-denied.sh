#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S12): a machine that the verifier does not know (any more) gets no key, and learns nothing.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
machine=$(ctl "$VERIFIER" machine list | grep -oE '[0-9a-f]{16,64}' | head -n 1)
check "the operator forgets the machine" operator machine forget "$machine"
check "it is refused" is_refused
no_reason_is_given() {
	! machine_sees "$MACHINE" 'DENIED|PCR [0-9]'
}
check "no reason is given to a stranger" no_reason_is_given
done_testing "$MACHINE"
