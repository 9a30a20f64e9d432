/* SPDX-License-Identifier: ISC */
/*
 * Who this machine is to its TPM and its verifiers: EK, AK and the gate's indices, as a token or the enrolment left them.
 * None of it is trusted: a wrong one costs commands, or is denied.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include "luks/token.h"
#include "protocol/message.h"
#include "tpm/tpm.h"

#define IDENTITY_PATH "/var/lib/bootgate/machine"

struct identity {
	uint8_t machine[MACHINE_ID_SIZE];
	uint8_t machine_key[GATES_MAX][MACHINE_KEY_SIZE]; /* of each index */
	uint32_t ek_handle, ak_handle, nv_handle_next;
	size_t indices; /* two while a rotation is under way, the older first */
	struct index_claim index[GATES_MAX];
	struct tpm_object ek, ak, nv[GATES_MAX]; /* n = 0: not known yet, to be read from the TPM */
};

/* identity_from_token(token, id): from what a volume's token caches. E_MISSING when it has too little. */
enum status identity_from_token(const struct token *token, struct identity *id);

/* identity_load(path, id), identity_save(id, path): the enrolled host's own note, `key = value` lines, no secret in it. */
enum status identity_load(const char *path, struct identity *id);
enum status identity_save(const struct identity *id, const char *path);

/* identity_check_place(path): whether identity_save() will be able to write there; said when not. */
enum status identity_check_place(const char *path);

/*
 * identity_open_tpm(tcti, t): on the installed host: /dev/tpmrm0 before /dev/tpm0, since others use the TPM as well.
 * ${tcti}: another one, or "".  E_TPM, said, when there is none.
 */
enum status identity_open_tpm(const char *tcti, struct tpm **t);

/*
 * identity_complete(t, id): read from the TPM what is not known yet, and set the machine's id. ${fresh}: forget what was cached.
 * Of two indices one that is not there is dropped, so that nothing is claimed that there is not.
 */
enum status identity_complete(struct tpm *t, struct identity *id, bool fresh);

#endif
