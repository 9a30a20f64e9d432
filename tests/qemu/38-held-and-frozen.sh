#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal (S20): a boot in between that ended in Shutdown(STATE) is noticed: the next one is named and held, the machine waits and says for how long,
# and the operator decides: approve opens, deny keeps shut with the reason.  A frozen machine gets nothing, also from a verifier that was
# started anew, until it is freed.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"

# evil_maid: the TPM is used in a boot that asks nobody, and left so that the next Startup(CLEAR) is a Restart.
evil_maid() {
	rig_tpm_tools "$MACHINE/tpm" true
	rig_tpm_tools "$MACHINE/tpm" tpm2_shutdown
}
sees() {
	rig_wait "${2:-$RIG_BOOT_LIMIT}" machine_sees "$MACHINE" "$1"
}
not_open() {
	! machine_said "$MACHINE" 'unlocked: .*'
}
one_hold() {
	[ "$(ctl "$VERIFIER" hold list | grep -c waiting)" = 1 ]
}

check "the root opens by approval" boots_through

evil_maid
check "every machine is frozen" operator freeze --all
machine_boot "$MACHINE"
check "a frozen machine is denied" sees 'A8: the machine is frozen'
check "the disk is shut" not_open
verifier_stop "$VERIFIER"
cp "$MACHINE/console" "$MACHINE/console.before"
verifier_start "$VERIFIER"
denied_again() {
	[ "$(tr -d '\r' <"$MACHINE/console" | grep -c 'A8: the machine is frozen')" -gt "$(tr -d '\r' <"$MACHINE/console.before" | grep -c 'A8: the machine is frozen')" ]
}
check "and again by a verifier that was started anew" rig_wait 90 denied_again
check "the operator frees it" operator unfreeze --all
check "now it is held, for a Restart" sees 'A22: the TPM was restarted 1 times without a reset' 90
check "boots without an approval are named with their number" says 'A21: [1-9][0-9]* boots since the last evidence did not ask for an approval'
check "it waits, and says so" sees 'waiting for the operator .*, for 0 s so far' 30
check "the operator sees one hold" one_hold
check "he denies it" operator hold deny p256
check "the machine is denied, with the reason" sees 'hold: an operator said no to this boot' 90
check "the disk stays shut" not_open
machine_cut "$MACHINE"

evil_maid
machine_boot "$MACHINE"
check "after another Restart it is held again" sees 'held for an operator'
check "it waits, for a minute and more" sees 'for [1-9][0-9]* s so far' 120
check "the disk is shut meanwhile" not_open
check "the operator says yes" operator hold approve p256
check "the root opens, without a visit" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
check "by a new session and a new quote" says 'approved under policy'
done_testing "$MACHINE"
