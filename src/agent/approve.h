/* SPDX-License-Identifier: ISC */
/*
 * From the volumes' tokens to their slot keys, by an approval.
 */
#ifndef AGENT_APPROVE_H
#define AGENT_APPROVE_H

#include "agent/attest.h"
#include "agent/volume.h"
#include "luks/seal.h"

/* What the approving process hands to the one that opens: a volume's slot key, and the ticket that its token should cache (n = 0: the old one). */
struct approve_key {
	size_t volume;
	char key[SEAL_TEXT_SIZE];
	struct token_ticket ticket;
};

/*
 * approve_run(settings, v, n, fd, a): ask until approved, read the secret, close the door, and write a struct approve_key for each volume with a
 * token to ${fd}.  Returns OK then; before, only for what no further try can mend: E_NOT_FOUND (no TPM), E_MISSING (no volume with a usable token),
 * E_KEY (the TPM secret was replaced).  Runs in a process of its own.
 */
enum status approve_run(const struct settings *settings, const struct volume *v, size_t n, int fd, struct attest *a);

/* The mark that a TPM is in use: with it, a dead predecessor's handles are flushed first. */
#define APPROVE_MARK DOOR_FOLDER "/tpm-in-use"

#endif
