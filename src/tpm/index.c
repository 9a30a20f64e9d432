/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "structures/nv.h"
#include "tpm/object.h"
#include "tpm/session.h"

#define FIRST_INDEX UINT32_C(0x018b4701)
#define LAST_INDEX UINT32_C(0x018b47ff)
#define EPOCHS_BACK 64

static enum status
undefine(struct tpm *t, ESYS_TR index)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
	while (context_again(t, &a, rc));
	return context_status(t, "NV_UndefineSpace", rc);
}

enum status
tpm_secret_delete(struct tpm *t, uint32_t handle)
{
	ESYS_TR index;
	enum status s = object_handle(t, handle, &index);

	if (s != OK)
		return s;
	s = undefine(t, index);
	/* undefined, it is gone from ESYS, too */
	if (s != OK)
		object_unload(t, &index);
	return s;
}

/* What an earlier try left: our policy, not locked. */
static bool
is_leftover(const struct tpm_object *o, const uint8_t policy[GATE_DIGEST_SIZE])
{
	struct nv_public nv;

	return object_nv_public(o, &nv) == OK && (nv.attributes & TPMA_NV_WRITELOCKED) == 0 &&
		bytes_equal(nv.policy, bytes_of(policy, GATE_DIGEST_SIZE));
}

/* E_EXISTS when something else lives there */
static enum status
vacate(struct tpm *t, TPM2_HANDLE handle, const uint8_t policy[GATE_DIGEST_SIZE])
{
	struct tpm_object o;
	enum status s = object_find(t, handle, &o);

	if (s == E_NOT_FOUND)
		return OK;
	if (s != OK)
		return s;
	return is_leftover(&o, policy) ? tpm_secret_delete(t, handle) : E_EXISTS;
}

/* An index of the gate, in whatever state a rotation left it. */
static bool
is_ours(const struct tpm_object *o, const struct ec_public *authority, uint32_t epoch)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	struct nv_public nv;

	if (object_nv_public(o, &nv) != OK || (nv.attributes | GATE_NV_ATTRIBUTES) != GATE_NV_ATTRIBUTES)
		return false;
	for (uint32_t back = 0; back < EPOCHS_BACK && back <= epoch; back++)
		if (gate_nv_policy(authority, epoch - back, policy) == OK && bytes_equal(nv.policy, BYTES(policy)))
			return true;
	return false;
}

enum status
tpm_secret_clear(struct tpm *t, const struct ec_public *authority, uint32_t epoch, uint32_t handle)
{
	struct tpm_object o;
	enum status s = object_find(t, handle, &o);

	if (s == E_NOT_FOUND)
		return OK;
	if (s != OK)
		return s;
	return is_ours(&o, authority, epoch) ? tpm_secret_delete(t, handle) : E_EXISTS;
}

enum status
tpm_secret_sweep(struct tpm *t, const struct ec_public *authority, uint32_t epoch, size_t *gone)
{
	TPM2_HANDLE handle[LAST_INDEX - FIRST_INDEX + 1];
	size_t n = 0;
	enum status worst = context_handles(t, FIRST_INDEX, handle, sizeof handle / sizeof *handle, &n);

	*gone = 0;
	for (size_t i = 0; i < n && handle[i] <= LAST_INDEX; i++) {
		enum status s = tpm_secret_clear(t, authority, epoch, handle[i]);

		if (s == OK)
			++*gone;
		else if (s != E_EXISTS)
			worst = s;
	}
	return worst;
}

static enum status
choose_handle(struct tpm *t, const uint8_t policy[GATE_DIGEST_SIZE], uint32_t *handle)
{
	if (*handle != 0)
		return vacate(t, *handle, policy);
	for (uint32_t h = FIRST_INDEX; h <= LAST_INDEX; h++) {
		enum status s = vacate(t, h, policy);

		if (s == E_EXISTS)
			continue;
		*handle = h;
		return s;
	}
	log_error("TPM: no free NV index between %08x and %08x", (unsigned)FIRST_INDEX, (unsigned)LAST_INDEX);
	return E_EXISTS;
}

static enum status
define(struct tpm *t, ESYS_TR session, uint32_t handle, const uint8_t policy[GATE_DIGEST_SIZE], ESYS_TR *index)
{
	static const TPM2B_AUTH none = { 0 };
	struct attempts a = { 0 };
	TPM2B_NV_PUBLIC public = {
		.nvPublic = {
			.nvIndex = handle,
			.nameAlg = TPM2_ALG_SHA256,
			.attributes = GATE_NV_ATTRIBUTES_DEFINE,
			.authPolicy = session_digest(bytes_of(policy, GATE_DIGEST_SIZE)),
			.dataSize = GATE_SECRET_SIZE,
		},
	};
	TSS2_RC rc;

	do
		rc = Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, session, ESYS_TR_NONE, ESYS_TR_NONE, &none, &public, index);
	while (context_again(t, &a, rc));
	return context_status(t, "NV_DefineSpace", rc);
}

static enum status
write_and_lock(struct tpm *t, ESYS_TR session, ESYS_TR index, const uint8_t secret[GATE_SECRET_SIZE])
{
	struct attempts a = { 0 }, b = { 0 };
	TPM2B_MAX_NV_BUFFER data = { .size = GATE_SECRET_SIZE };
	TSS2_RC rc;

	memcpy(data.buffer, secret, GATE_SECRET_SIZE);
	do
		rc = Esys_NV_Write(t->esys, ESYS_TR_RH_OWNER, index, session, ESYS_TR_NONE, ESYS_TR_NONE, &data, 0);
	while (context_again(t, &a, rc));
	memory_wipe(&data, sizeof data);
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "NV_Write", rc);
	do
		rc = Esys_NV_WriteLock(t->esys, ESYS_TR_RH_OWNER, index, session, ESYS_TR_NONE, ESYS_TR_NONE);
	while (context_again(t, &b, rc));
	return context_status(t, "NV_WriteLock", rc);
}

static enum status
check_index(const struct tpm_object *o, const uint8_t policy[GATE_DIGEST_SIZE])
{
	struct nv_public nv;
	enum status s = object_nv_public(o, &nv);

	if (s != OK)
		return s;
	return nv.attributes == GATE_NV_ATTRIBUTES && nv.data_size == GATE_SECRET_SIZE &&
		bytes_equal(nv.policy, bytes_of(policy, GATE_DIGEST_SIZE)) ? OK : E_MISMATCH;
}

/* Everything that the owner authorises here goes through one session: HMAC instead of the value itself, the secret encrypted. */
static enum status
make_index(struct tpm *t, ESYS_TR session, uint32_t handle, const uint8_t policy[GATE_DIGEST_SIZE], const uint8_t secret[GATE_SECRET_SIZE],
	struct tpm_object *nv)
{
	ESYS_TR index = ESYS_TR_NONE;
	enum status s = define(t, session, handle, policy, &index);

	if (s != OK)
		return s;
	s = write_and_lock(t, session, index, secret);
	object_unload(t, &index);
	if (s == OK)
		s = object_find(t, handle, nv);
	if (s == OK)
		s = check_index(nv, policy);
	if (s != OK && !t->lost)
		tpm_secret_delete(t, handle);
	return s;
}

enum status
tpm_secret_define(struct tpm *t, const struct tpm_object *ek, const struct ec_public *authority, uint32_t epoch, uint32_t *handle,
	const uint8_t secret[GATE_SECRET_SIZE], struct tpm_object *nv)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	ESYS_TR salt, session;
	enum status s = gate_nv_policy(authority, epoch, policy);

	if (s == OK)
		s = choose_handle(t, policy, handle);
	if (s == OK)
		s = object_load(t, ek, &salt);
	if (s != OK)
		return s;
	s = context_session(t, TPM2_SE_HMAC, salt, TPM2_ALG_SHA256, &session);
	object_unload(t, &salt);
	if (s != OK)
		return s;
	if (Esys_TRSess_SetAttributes(t->esys, session, TPMA_SESSION_DECRYPT | TPMA_SESSION_CONTINUESESSION, 0xff) != TSS2_RC_SUCCESS)
		s = E_TPM_LOST;
	if (s == OK)
		s = make_index(t, session, *handle, policy, secret, nv);
	context_release(t, &session);
	return s;
}

static enum status
audited_read_public(struct tpm *t, ESYS_TR session, ESYS_TR index)
{
	struct attempts a = { 0 };
	TPM2B_NV_PUBLIC *public = NULL;
	TPM2B_NAME *name = NULL;
	TSS2_RC rc;

	if (Esys_TRSess_SetAttributes(t->esys, session, TPMA_SESSION_AUDIT | TPMA_SESSION_CONTINUESESSION, 0xff) != TSS2_RC_SUCCESS)
		return E_TPM_LOST;
	do
		rc = Esys_NV_ReadPublic(t->esys, index, session, ESYS_TR_NONE, ESYS_TR_NONE, &public, &name);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS) {
		Esys_Free(public);
		Esys_Free(name);
	}
	return context_status(t, "NV_ReadPublic", rc);
}

static enum status
sign_audit(struct tpm *t, ESYS_TR session, ESYS_TR ak, const uint8_t qualifying[32], struct buffer *attest, struct buffer *signature)
{
	static const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
	struct attempts a = { 0 };
	TPM2B_DATA data = { .size = 32 };
	TPM2B_ATTEST *audit = NULL;
	TPMT_SIGNATURE *sig = NULL;
	TSS2_RC rc;
	enum status s;

	memcpy(data.buffer, qualifying, 32);
	do
		rc = Esys_GetSessionAuditDigest(t->esys, ESYS_TR_RH_ENDORSEMENT, ak, session, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			&data, &own, &audit, &sig);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "GetSessionAuditDigest", rc);
	buffer_bytes(attest, bytes_of(audit->attestationData, audit->size));
	s = session_append_signature(sig, signature);
	Esys_Free(audit);
	Esys_Free(sig);
	return s == OK ? attest->failed : s;
}

enum status
tpm_secret_prove(struct tpm *t, const struct tpm_object *ak, const struct tpm_object *nv, const uint8_t qualifying[32], struct buffer *attest,
	struct buffer *signature)
{
	ESYS_TR key = ESYS_TR_NONE, index = ESYS_TR_NONE, session = ESYS_TR_NONE;
	enum status s = object_load(t, ak, &key);

	if (s == OK)
		s = object_load(t, nv, &index);
	if (s == OK)
		s = context_session(t, TPM2_SE_HMAC, ESYS_TR_NONE, TPM2_ALG_SHA256, &session);
	if (s == OK)
		s = audited_read_public(t, session, index);
	if (s == OK)
		s = sign_audit(t, session, key, qualifying, attest, signature);
	context_release(t, &session);
	object_unload(t, &index);
	object_unload(t, &key);
	return s;
}
