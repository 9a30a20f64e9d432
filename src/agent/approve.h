/* SPDX-License-Identifier: ISC */
/*
 * From the volumes' tokens to their slot keys, by an approval.
 */
#ifndef AGENT_APPROVE_H
#define AGENT_APPROVE_H

#include "agent/attest.h"
#include "agent/volume.h"
#include "luks/seal.h"

/*
 * What the approving process hands to the one that opens: a volume's slot key, and the ticket that its token should cache (n = 0: the old one).
 * In a rotation, after all keys, for a volume once more: no key, but the second seal for its token.
 */
struct approve_key {
	size_t volume; /* or APPROVE_SAID: no key, but lines were written to the console */
	char key[SEAL_TEXT_SIZE];
	struct token_ticket ticket;
	uint32_t epoch; /* of the seal that gave the key */
	bool last;      /* the seals before that one have done their duty */
	struct token_seal seal;
	struct token_object index;
};

#define APPROVE_SAID SIZE_MAX

/*
 * approve_run(settings, v, n, fd, a): ask until approved, read the secret, close the door, and write a struct approve_key for each volume with a
 * token to ${fd}; then, if the approval orders it, begin a rotation.  Returns OK then; before, only for what no further try can mend: E_NOT_FOUND (no TPM, or not this machine's keys in it), E_MISSING (no volume with a usable token),
 * E_KEY (the TPM secret was replaced, or bootgate.door=unprotected left the door open).  Runs in a process of its own.
 */
enum status approve_run(struct settings *settings, const struct volume *v, size_t n, int fd, struct attest *a);

/* approve_clean_up(settings): when a process that ran it was killed: flush what it left in the TPM. */
void approve_clean_up(const struct settings *settings);

/* The mark that a TPM is in use: with it, a dead predecessor's handles are flushed first. */
#define APPROVE_MARK DOOR_FOLDER "/tpm-in-use"

#endif
