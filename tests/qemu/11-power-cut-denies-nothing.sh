#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: power that goes in the middle of a boot costs a boot and no more.

. "$(dirname "$0")/fixture.sh"
fixture p256
verifier_start "$VERIFIER"
cut_at() {
	machine_boot "$MACHINE"
	cut_status=0
	"$@" || cut_status=1
	machine_cut "$MACHINE"
	return $cut_status
}
check "power goes in the firmware" cut_at rig_wait 60 machine_sees "$MACHINE" 'BdsDxe: loading'
check "power goes as the agent starts" cut_at machine_wait "$MACHINE" 'step agent'
check "power goes right after the door was closed" cut_at machine_wait "$MACHINE" 'agent exit 0'
check "the root opens by approval" boots_through
done_testing "$MACHINE"
