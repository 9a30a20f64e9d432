/* SPDX-License-Identifier: ISC */
#ifndef AGENT_MEMORY_OVERWRITE_H
#define AGENT_MEMORY_OVERWRITE_H

#include "base/status.h"

/*
 * memory_overwrite_request(): ask the firmware to wipe the RAM at the next reset, so that a warm reset does not leave keys there.
 * (TCG Platform Reset Attack Mitigation Specification)  E_NOT_FOUND: this firmware has no such variable, or efivarfs is not mounted.
 */
enum status memory_overwrite_request(void);

#endif
