#!/bin/sh
# SPDX-License-Identifier: ISC
# Goal: a machine that found no verifier goes on by itself when one comes back.

. "$(dirname "$0")/fixture.sh"
fixture p256
machine_boot "$MACHINE"
check "the machine waits" rig_wait "$RIG_BOOT_LIMIT" machine_sees "$MACHINE" 'next try in'
verifier_start "$VERIFIER"
check "the root opens without a reboot" machine_wait "$MACHINE" 'unlocked: root'
machine_end "$MACHINE"
done_testing "$MACHINE"
