/* SPDX-License-Identifier: ISC */
#ifndef AGENT_LUKS_ENROLL_H
#define AGENT_LUKS_ENROLL_H

#include "agent/attest.h"

/*
 * luks_enroll_run(s, device, passphrase_file): a key slot and a `bootgate` token for ${device}, on the enrolled and running host.
 * ${passphrase_file}: holds an existing passphrase of the volume; NULL: asked for at the terminal.  That slot always stays; a volume
 * without one is refused (E_MISSING).  An earlier token of ours is replaced.  When it fails in the middle, what was begun is undone, and said.
 */
enum status luks_enroll_run(struct settings *settings, const char *device, const char *passphrase_file);

#endif
