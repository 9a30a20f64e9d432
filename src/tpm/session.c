/* SPDX-License-Identifier: ISC */
#include "tpm/session.h"

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "tpm/object.h"

static uint64_t
seconds(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

/* StartAuthSession, salted; the nonce that PolicySigned will cover is 32 bytes or nothing */
static enum status
begin(struct tpm *t, ESYS_TR ek)
{
	TPM2B_NONCE *nonce = NULL;
	enum status s = context_session(t, TPM2_SE_POLICY, ek, TPM2_ALG_SHA256, &t->session);

	if (s != OK)
		return s;
	if (Esys_TRSess_GetNonceTPM(t->esys, t->session, &nonce) != TSS2_RC_SUCCESS)
		return E_MEMORY;
	t->nonce = *nonce;
	Esys_Free(nonce);
	if (t->nonce.size == GATE_NONCE_SIZE)
		return OK;
	log_error("TPM: StartAuthSession: a nonce of %u bytes", (unsigned)t->nonce.size);
	return E_TPM;
}

enum status
tpm_session_begin(struct tpm *t, const struct tpm_object *ek, uint8_t nonce[GATE_NONCE_SIZE])
{
	ESYS_TR salt;
	enum status s;

	tpm_session_end(t);
	s = object_load(t, ek, &salt);
	if (s != OK)
		return s;
	s = begin(t, salt);
	object_unload(t, &salt);
	if (s != OK) {
		tpm_session_end(t);
		return s;
	}
	t->begun = seconds();
	memcpy(nonce, t->nonce.buffer, GATE_NONCE_SIZE);
	return OK;
}

unsigned
tpm_session_age(const struct tpm *t)
{
	return t->session == ESYS_TR_NONE ? 0 : (unsigned)(seconds() - t->begun);
}

void
tpm_session_end(struct tpm *t)
{
	context_release(t, &t->session);
}

TPM2B_DIGEST
session_digest(struct bytes v)
{
	TPM2B_DIGEST d = { .size = (UINT16)v.n };

	if (v.n > 0 && v.n <= sizeof d.buffer)
		memcpy(d.buffer, v.p, v.n);
	return d;
}

TPML_PCR_SELECTION
session_door(void)
{
	TPML_PCR_SELECTION p = { .count = 1 };

	p.pcrSelections[0].hash = TPM2_ALG_SHA256;
	p.pcrSelections[0].sizeofSelect = 3;
	p.pcrSelections[0].pcrSelect[DOOR_PCR / 8] = 1 << (DOOR_PCR % 8);
	return p;
}

enum status
session_append_signature(const TPMT_SIGNATURE *signature, struct buffer *out)
{
	uint8_t p[SIGNATURE_SIZE_MAX];
	size_t n = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Marshal(signature, p, sizeof p, &n) != TSS2_RC_SUCCESS)
		return E_TPM_LOST;
	buffer_bytes(out, bytes_of(p, n));
	return out->failed;
}
