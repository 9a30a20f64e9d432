/* SPDX-License-Identifier: ISC */
/*
 * Somebody with the verifier's approval key and its delegation, at a TPM: he signs approvals for his own sessions, and tries each policy that
 * he can think of.  Used against a software TPM in test_tpm.c, and by root of a virtual machine in tests/qemu/thief.c.
 */
#ifndef UNIT_THIEF_H
#define UNIT_THIEF_H

#include <string.h>

#include "crypto/ecdsa_sign.h"
#include "structures/policy_digest.h"
#include "tpm/object.h"
#include "tpm/session.h"

struct thief {
	struct tpm *t;
	struct tpm_object ek, nv;
	struct ec_private approval_key;
	struct tpm_approval a; /* authority, keys, epoch, delegation; the signature is made for each session */
};

enum trick {
	TRICK_NONE,             /* as the agent does */
	TRICK_NO_PCR,           /* no PolicyPCR */
	TRICK_NO_SELECTION,     /* PolicyPCR of no PCR */
	TRICK_OTHER_BANK,       /* PCR 13 of the SHA-384 bank */
	TRICK_OTHER_PCR,        /* PCR 22 of the SHA-256 bank, which is not zero; PCR 16, which may be reset, is */
	TRICK_DEBUG_PCR,
	TRICK_AS_IT_IS,         /* PCR 13 with whatever is in it */
	TRICK_NO_AUTHORIZE,     /* PolicySigned and PolicyPCR alone */
	TRICK_OWN_AUTHORITY,    /* PolicyAuthorize by a key of his own over the policy that he has */
	TRICKS,
};

static const char *const thief_tricks[TRICKS] = { "as the agent does", "without PolicyPCR", "PolicyPCR of no PCR", "PolicyPCR of PCR 13 in the other bank",
	"PolicyPCR of another PCR", "PolicyPCR of the debug PCR", "PolicyPCR with what PCR 13 holds", "without PolicyAuthorize",
	"an authority of his own" };

/* What was sent last. */
static const char *thief_step;

static inline TPML_PCR_SELECTION
thief_selection(TPMI_ALG_HASH bank, unsigned pcr)
{
	TPML_PCR_SELECTION p = { .count = 1 };

	p.pcrSelections[0].hash = bank;
	p.pcrSelections[0].sizeofSelect = 3;
	p.pcrSelections[0].pcrSelect[pcr / 8] = (BYTE)(1 << pcr % 8);
	return p;
}

static inline TPM2B_PUBLIC
thief_public(const struct ec_public *k)
{
	uint8_t area[PUBLIC_SIZE_MAX];
	struct buffer b = BUFFER(area);
	TPM2B_PUBLIC out = { .size = 0 };
	size_t at = 0;

	if (public_encode_verify_key(k, &b) != OK || Tss2_MU_TPMT_PUBLIC_Unmarshal(b.p, b.n, &at, &out.publicArea) != TSS2_RC_SUCCESS)
		out.publicArea.type = TPM2_ALG_NULL;
	return out;
}

static inline TPMT_SIGNATURE
thief_signature(const struct ec_public *k, const uint8_t *sig, size_t n)
{
	TPMT_SIGNATURE out = { .sigAlg = TPM2_ALG_ECDSA };
	TPMS_SIGNATURE_ECC *e = &out.signature.ecdsa;

	e->hash = (TPMI_ALG_HASH)ec_hash(k->curve);
	e->signatureR.size = e->signatureS.size = (UINT16)(n / 2);
	memcpy(e->signatureR.buffer, sig, n / 2);
	memcpy(e->signatureS.buffer, sig + n / 2, n / 2);
	return out;
}

/* thief_begin(th): a session, and his own approval for it. */
static inline enum status
thief_begin(struct thief *th)
{
	uint8_t nonce[GATE_NONCE_SIZE];
	struct name name;
	struct digest d;
	uint32_t handle;
	enum status s = tpm_session_begin(th->t, &th->ek, nonce);

	if (s == OK)
		s = tpm_object_name(&th->nv, &name, &handle);
	if (s != OK)
		return s;
	gate_approval_digest(&th->a.approval_key, nonce, &name, &th->a.statement_key, &d);
	return ecdsa_sign(&th->approval_key, d.alg, digest_view(&d), th->a.signature, &th->a.signature_n);
}

static inline TSS2_RC
thief_signed(struct thief *th)
{
	TPM2B_PUBLIC key = thief_public(&th->a.approval_key);
	TPMT_SIGNATURE sig = thief_signature(&th->a.approval_key, th->a.signature, th->a.signature_n);
	uint8_t cphash[GATE_DIGEST_SIZE], ref[GATE_REF_SIZE];
	TPM2B_DIGEST cp;
	TPM2B_NONCE r;
	TPM2B_TIMEOUT *timeout = NULL;
	TPMT_TK_AUTH *ticket = NULL;
	struct name name;
	uint32_t handle;
	ESYS_TR tr;
	TSS2_RC rc;

	thief_step = "LoadExternal";
	rc = Esys_LoadExternal(th->t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &key, ESYS_TR_RH_NULL, &tr);
	if (rc != TSS2_RC_SUCCESS || tpm_object_name(&th->nv, &name, &handle) != OK)
		return rc != TSS2_RC_SUCCESS ? rc : TPM2_RC_FAILURE;
	gate_read_cphash(&name, cphash);
	gate_approval_ref(&th->a.statement_key, ref);
	cp = session_digest(BYTES(cphash));
	r = session_digest(BYTES(ref));
	thief_step = "PolicySigned";
	rc = Esys_PolicySigned(th->t->esys, tr, th->t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &th->t->nonce, &cp, &r, GATE_EXPIRATION, &sig,
		&timeout, &ticket);
	Esys_Free(timeout);
	Esys_Free(ticket);
	Esys_FlushContext(th->t->esys, tr);
	return rc;
}

static inline TSS2_RC
thief_pcr(struct thief *th, enum trick trick)
{
	static const uint8_t zero[2 * 32];
	struct digest door = hash_digest(HASH_SHA256, bytes_of(zero, trick == TRICK_OTHER_BANK ? 48 : 32));
	TPM2B_DIGEST expected = session_digest(digest_view(&door));
	TPML_PCR_SELECTION pcrs = session_door();

	if (trick == TRICK_NO_PCR)
		return TSS2_RC_SUCCESS;
	if (trick == TRICK_NO_SELECTION)
		pcrs.count = 0;
	if (trick == TRICK_OTHER_BANK)
		pcrs = thief_selection(TPM2_ALG_SHA384, DOOR_PCR);
	if (trick == TRICK_OTHER_PCR)
		pcrs = thief_selection(TPM2_ALG_SHA256, 22);
	if (trick == TRICK_DEBUG_PCR)
		pcrs = thief_selection(TPM2_ALG_SHA256, 16);
	if (trick == TRICK_NO_SELECTION || trick == TRICK_OTHER_BANK || trick == TRICK_OTHER_PCR || trick == TRICK_DEBUG_PCR || trick == TRICK_AS_IT_IS)
		expected.size = 0; /* whatever it is */
	thief_step = "PolicyPCR";
	return Esys_PolicyPCR(th->t->esys, th->t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &expected, &pcrs);
}

/* PolicyAuthorize for ${policy}, which ${authority} signed as ${sig}. */
static inline TSS2_RC
thief_authorize_by(struct thief *th, const struct ec_public *authority, const uint8_t *sig, size_t n, const uint8_t policy[GATE_DIGEST_SIZE])
{
	TPM2B_PUBLIC key = thief_public(authority);
	TPMT_SIGNATURE signature = thief_signature(authority, sig, n);
	TPM2B_DIGEST approved = session_digest(bytes_of(policy, GATE_DIGEST_SIZE)), digest;
	TPM2B_NAME *name = NULL;
	TPM2B_NONCE ref;
	TPMT_TK_VERIFIED *ticket = NULL;
	uint8_t epoch[GATE_EPOCH_REF_SIZE];
	struct digest d;
	ESYS_TR tr;
	TSS2_RC rc;

	gate_epoch_ref(th->a.epoch, epoch);
	ref = session_digest(BYTES(epoch));
	if (gate_delegation_digest(authority, policy, th->a.epoch, &d) != OK)
		return TPM2_RC_FAILURE;
	digest = session_digest(digest_view(&d));
	thief_step = "LoadExternal";
	rc = Esys_LoadExternal(th->t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &key, ESYS_TR_RH_OWNER, &tr);
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	thief_step = "VerifySignature";
	rc = Esys_VerifySignature(th->t->esys, tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &signature, &ticket);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_TR_GetName(th->t->esys, tr, &name);
	Esys_FlushContext(th->t->esys, tr);
	if (rc == TSS2_RC_SUCCESS) {
		thief_step = "PolicyAuthorize";
		rc = Esys_PolicyAuthorize(th->t->esys, th->t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approved, &ref, name, ticket);
	}
	Esys_Free(ticket);
	Esys_Free(name);
	return rc;
}

/* What the session's policy digest is after PolicySigned alone.  (Part 3, 23.2.3) */
static inline void
thief_policy_signed(const struct thief *th, uint8_t policy[GATE_DIGEST_SIZE])
{
	uint8_t text[128] = { 0 }, ref[GATE_REF_SIZE];
	struct buffer first = { text, sizeof text, 32, OK }, second = BUFFER(text);
	struct digest d;
	struct name name;

	buffer_be32(&first, 0x160);
	if (name_of_verify_key(&th->a.approval_key, &name) == OK)
		buffer_bytes(&first, name_view(&name));
	d = hash_digest(HASH_SHA256, buffer_view(&first));
	gate_approval_ref(&th->a.statement_key, ref);
	buffer_bytes(&second, digest_view(&d));
	buffer_bytes(&second, BYTES(ref));
	d = hash_digest(HASH_SHA256, buffer_view(&second));
	memcpy(policy, d.p, GATE_DIGEST_SIZE);
}

static inline TSS2_RC
thief_authorize(struct thief *th, enum trick trick)
{
	uint8_t policy[GATE_DIGEST_SIZE], sig[EC_SIGNATURE_MAX];
	struct ec_private own;
	struct digest d;
	size_t n = 0;

	if (trick == TRICK_NO_AUTHORIZE)
		return TSS2_RC_SUCCESS;
	if (trick != TRICK_OWN_AUTHORITY)
		return gate_delegated_policy(&th->a.approval_key, &th->a.statement_key, policy) != OK ? TPM2_RC_FAILURE :
			thief_authorize_by(th, &th->a.authority, th->a.delegation, th->a.delegation_n, policy);
	thief_policy_signed(th, policy);
	if (ec_generate(EC_P256, &own) != OK || gate_delegation_digest(&own.public, policy, th->a.epoch, &d) != OK ||
		ecdsa_sign(&own, d.alg, digest_view(&d), sig, &n) != OK)
		return TPM2_RC_FAILURE;
	return thief_authorize_by(th, &own.public, sig, n, policy);
}

/* thief_policy(th, trick): all but the read. */
static inline TSS2_RC
thief_policy(struct thief *th, enum trick trick)
{
	TSS2_RC rc = thief_signed(th);

	if (rc == TSS2_RC_SUCCESS)
		rc = thief_pcr(th, trick == TRICK_OWN_AUTHORITY ? TRICK_NO_PCR : trick);
	return rc != TSS2_RC_SUCCESS ? rc : thief_authorize(th, trick);
}

/* thief_read(th): the read; the session is gone afterwards. */
static inline TSS2_RC
thief_read(struct thief *th, uint8_t secret[GATE_SECRET_SIZE])
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	ESYS_TR nv;
	TSS2_RC rc;

	thief_step = "NV_Read";
	if (object_load(th->t, &th->nv, &nv) != OK)
		return TPM2_RC_FAILURE;
	rc = Esys_TRSess_SetAttributes(th->t->esys, th->t->session, TPMA_SESSION_ENCRYPT, 0xff);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_NV_Read(th->t->esys, nv, nv, th->t->session, ESYS_TR_NONE, ESYS_TR_NONE, GATE_SECRET_SIZE, 0, &data);
	if (rc == TSS2_RC_SUCCESS) {
		context_forget(th->t, &th->t->session);
		memcpy(secret, data->buffer, GATE_SECRET_SIZE);
		Esys_Free(data);
	}
	object_unload(th->t, &nv);
	tpm_session_end(th->t);
	return rc;
}

/* thief_raw(th, command, n): a command as it is; its response code. */
static inline uint32_t
thief_raw(struct thief *th, const uint8_t *command, size_t n)
{
	uint8_t answer[4096];
	size_t got = sizeof answer;
	struct reader r;

	if (Tss2_Tcti_Transmit(th->t->tcti, n, command) != TSS2_RC_SUCCESS ||
		Tss2_Tcti_Receive(th->t->tcti, &got, answer, TSS2_TCTI_TIMEOUT_BLOCK) != TSS2_RC_SUCCESS)
		return TPM2_RC_FAILURE;
	r = reader_of(bytes_of(answer, got));
	reader_take(&r, 6);
	return reader_be32(&r);
}

/* thief_touch(th, code, pcr): PCR_Reset (0x13d), or PCR_Event (0x13c) of one byte, with an empty authorisation. */
static inline uint32_t
thief_touch(struct thief *th, uint32_t code, unsigned pcr)
{
	uint8_t space[64];
	struct buffer b = BUFFER(space);

	buffer_be16(&b, TPM2_ST_SESSIONS);
	buffer_be32(&b, code == TPM2_CC_PCR_Event ? 30 : 27);
	buffer_be32(&b, code);
	buffer_be32(&b, pcr);
	buffer_be32(&b, 9);
	buffer_be32(&b, TPM2_RS_PW);
	buffer_be32(&b, 0);
	buffer_u8(&b, 0);
	if (code == TPM2_CC_PCR_Event) {
		buffer_be16(&b, 1);
		buffer_u8(&b, 'x');
	}
	return thief_raw(th, space, b.n);
}

/* thief_try(th, trick, secret): all of it, in a new session with a fresh approval of his own. thief_step: which command refused. */
static inline TSS2_RC
thief_try(struct thief *th, enum trick trick, uint8_t secret[GATE_SECRET_SIZE])
{
	TSS2_RC rc;

	thief_step = "StartAuthSession";
	if (thief_begin(th) != OK)
		return TPM2_RC_FAILURE;
	rc = thief_policy(th, trick);
	if (rc == TSS2_RC_SUCCESS)
		return thief_read(th, secret);
	tpm_session_end(th->t);
	return rc;
}

#endif
