/* SPDX-License-Identifier: ISC */
#ifndef AGENT_BOOT_H
#define AGENT_BOOT_H

#include "agent/settings.h"

/*
 * boot_run(s): the gate of one boot.  Finds the volumes, asks the verifiers for an approval and people for the passphrase, side by side;
 * opens the volumes; closes the door.  OK: all volumes are open and the door is closed.  Everything else: shut; the door may still be open.
 */
enum status boot_run(struct settings *s);

#endif
