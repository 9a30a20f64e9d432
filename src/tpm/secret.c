/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "tpm/object.h"
#include "tpm/session.h"

#define REPLAYS 8
#define STACK_USED 32768

/* PolicyAuthorize's parameters (Part 3, 23.16) */
#define PARAMETER_TICKET 4

/* What the commands take, worked out once. */
struct opening {
	ESYS_TR nv, approval_key;
	TPM2B_PUBLIC authority, approver;
	TPM2B_NAME authority_name;
	TPMT_SIGNATURE delegation, approval;
	TPM2B_DIGEST delegated, delegation_digest, cphash, door;
	TPM2B_NONCE approval_ref, epoch_ref;
	TPMT_TK_VERIFIED ticket;
	bool cached; /* the ticket is an old one */
};

static enum status
make_public(const struct ec_public *k, TPM2B_PUBLIC *out)
{
	uint8_t area[PUBLIC_SIZE_MAX];
	struct buffer b = BUFFER(area);
	size_t at = 0;
	enum status s = public_encode_verify_key(k, &b);

	memset(out, 0, sizeof *out);
	if (s != OK)
		return s;
	return Tss2_MU_TPMT_PUBLIC_Unmarshal(b.p, b.n, &at, &out->publicArea) == TSS2_RC_SUCCESS ? OK : E_KEY;
}

static enum status
make_signature(const struct ec_public *k, const uint8_t *sig, size_t n, TPMT_SIGNATURE *out)
{
	TPMS_SIGNATURE_ECC *e = &out->signature.ecdsa;
	size_t field = ec_field_size(k->curve);

	memset(out, 0, sizeof *out);
	if (field == 0 || n != 2 * field)
		return E_SIGNATURE;
	out->sigAlg = TPM2_ALG_ECDSA;
	e->hash = (TPMI_ALG_HASH)ec_hash(k->curve);
	e->signatureR.size = e->signatureS.size = (UINT16)field;
	memcpy(e->signatureR.buffer, sig, field);
	memcpy(e->signatureS.buffer, sig + field, field);
	return OK;
}

static bool
read_ticket(const struct tpm_ticket *in, TPMT_TK_VERIFIED *out)
{
	size_t at = 0;

	memset(out, 0, sizeof *out);
	if (in->n == 0 || in->n > sizeof in->p)
		return false;
	return Tss2_MU_TPMT_TK_VERIFIED_Unmarshal(in->p, in->n, &at, out) == TSS2_RC_SUCCESS && at == in->n;
}

/* What the authority signed, and how: all that VerifySignature and PolicyAuthorize need besides a ticket. */
static enum status
prepare_delegation(const struct tpm_approval *a, struct opening *o)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	struct digest signed_by_authority;
	enum status s = make_public(&a->authority, &o->authority);

	if (s == OK)
		s = make_signature(&a->authority, a->delegation, a->delegation_n, &o->delegation);
	if (s == OK)
		s = gate_delegated_policy(&a->approval_key, &a->statement_key, policy);
	if (s == OK)
		s = gate_delegation_digest(&a->authority, policy, a->epoch, &signed_by_authority);
	if (s != OK)
		return s;
	o->delegated = session_digest(BYTES(policy));
	o->delegation_digest = session_digest(digest_view(&signed_by_authority));
	return OK;
}

static enum status
prepare_keys(const struct tpm_approval *a, struct opening *o)
{
	struct name name;
	enum status s = make_public(&a->approval_key, &o->approver);

	if (s == OK)
		s = make_signature(&a->approval_key, a->signature, a->signature_n, &o->approval);
	if (s == OK)
		s = name_of_verify_key(&a->authority, &name);
	if (s != OK)
		return s;
	o->authority_name.size = (UINT16)name.n;
	memcpy(o->authority_name.name, name.p, name.n);
	return OK;
}

static enum status
prepare(const struct tpm_object *nv, const struct tpm_approval *a, const struct tpm_ticket *ticket, struct opening *o)
{
	static const uint8_t open_door[32];
	uint8_t cphash[GATE_DIGEST_SIZE], approval_ref[GATE_REF_SIZE], epoch_ref[GATE_EPOCH_REF_SIZE];
	struct digest door = hash_digest(HASH_SHA256, BYTES(open_door));
	struct name name;
	uint32_t handle;
	enum status s = prepare_delegation(a, o);

	if (s == OK)
		s = prepare_keys(a, o);
	if (s == OK)
		s = tpm_object_name(nv, &name, &handle);
	if (s != OK)
		return s;
	gate_read_cphash(&name, cphash);
	gate_approval_ref(&a->statement_key, approval_ref);
	gate_epoch_ref(a->epoch, epoch_ref);
	o->cphash = session_digest(BYTES(cphash));
	o->door = session_digest(digest_view(&door));
	o->approval_ref = session_digest(BYTES(approval_ref));
	o->epoch_ref = session_digest(BYTES(epoch_ref));
	o->cached = read_ticket(ticket, &o->ticket);
	return OK;
}

static enum status
load_external(struct tpm *t, const TPM2B_PUBLIC *key, ESYS_TR hierarchy, ESYS_TR *tr)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_LoadExternal(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, key, hierarchy, tr);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS) {
		*tr = ESYS_TR_NONE;
		return context_status(t, "LoadExternal", rc);
	}
	return context_keep(t, *tr);
}

static enum status
verify_signature(struct tpm *t, ESYS_TR key, struct opening *o, struct tpm_ticket *ticket)
{
	struct attempts a = { 0 };
	TPMT_TK_VERIFIED *verified = NULL;
	TSS2_RC rc;

	ticket->n = 0;
	do
		rc = Esys_VerifySignature(t->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &o->delegation_digest, &o->delegation, &verified);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "VerifySignature", rc);
	o->ticket = *verified;
	o->cached = false;
	Esys_Free(verified);
	if (Tss2_MU_TPMT_TK_VERIFIED_Marshal(&o->ticket, ticket->p, sizeof ticket->p, &ticket->n) != TSS2_RC_SUCCESS)
		ticket->n = 0;
	return OK;
}

/* Only keys under a hierarchy get tickets: the authority's is loaded under the owner's, the approval key under none. */
static enum status
verify_delegation(struct tpm *t, struct opening *o, struct tpm_ticket *ticket)
{
	ESYS_TR key;
	enum status s = load_external(t, &o->authority, ESYS_TR_RH_OWNER, &key), flushed;

	if (s != OK)
		return s;
	s = verify_signature(t, key, o, ticket);
	flushed = context_release(t, &key);
	return s == OK ? flushed : s;
}

static enum status
policy_signed(struct tpm *t, const struct opening *o)
{
	struct attempts a = { 0 };
	TPM2B_TIMEOUT *timeout = NULL;
	TPMT_TK_AUTH *ticket = NULL;
	TSS2_RC rc;

	do
		rc = Esys_PolicySigned(t->esys, o->approval_key, t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &t->nonce, &o->cphash,
			&o->approval_ref, GATE_EXPIRATION, &o->approval, &timeout, &ticket);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS) {
		Esys_Free(timeout);
		Esys_Free(ticket);
	}
	return context_status(t, "PolicySigned", rc);
}

static enum status
policy_pcr(struct tpm *t, const struct opening *o)
{
	struct attempts a = { 0 };
	TPML_PCR_SELECTION pcrs = session_door();
	TSS2_RC rc;

	do
		rc = Esys_PolicyPCR(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &o->door, &pcrs);
	while (context_again(t, &a, rc));
	if (context_error(rc) == TPM2_RC_VALUE)
		log_error("TPM: PolicyPCR: 0x%x: the door is closed (PCR %d is not zero)", (unsigned)rc, DOOR_PCR);
	else
		return context_status(t, "PolicyPCR", rc);
	return context_status_quiet(t, rc);
}

static TSS2_RC
policy_authorize(struct tpm *t, const struct opening *o)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_PolicyAuthorize(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &o->delegated, &o->epoch_ref,
			&o->authority_name, &o->ticket);
	while (context_again(t, &a, rc));
	return rc;
}

static enum status
satisfy(struct tpm *t, struct opening *o, struct tpm_ticket *ticket)
{
	TSS2_RC rc;
	enum status s = policy_signed(t, o);

	if (s == OK)
		s = policy_pcr(t, o);
	if (s != OK)
		return s;
	rc = policy_authorize(t, o);
	if (o->cached && context_parameter(rc) == PARAMETER_TICKET) {
		log_debug("TPM: PolicyAuthorize: 0x%x: the ticket is from another time; the delegation is verified anew", (unsigned)rc);
		s = verify_delegation(t, o, ticket);
		if (s != OK)
			return s;
		rc = policy_authorize(t, o);
	}
	return context_status(t, "PolicyAuthorize", rc);
}

/* The SYS layer keeps the last response, decrypted, until the next command. */
static void
wipe_response(struct tpm *t)
{
	TSS2_SYS_CONTEXT *sys;
	const uint8_t *p;
	size_t n;

	if (Esys_GetSysContext(t->esys, &sys) == TSS2_RC_SUCCESS && Tss2_Sys_GetRpBuffer(sys, &n, &p) == TSS2_RC_SUCCESS)
		memory_wipe((void *)(uintptr_t)p, n);
}

/* ESYS decrypts in frames of its own, below this one, and leaves the plaintext there. */
static __attribute__((noinline)) void
wipe_stack(void)
{
	uint8_t below[STACK_USED];

	memory_wipe(below, sizeof below);
}

static enum status
nv_read(struct tpm *t, const struct opening *o, uint8_t secret[GATE_SECRET_SIZE])
{
	struct attempts a = { 0 };
	TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc;
	enum status s;

	/* encrypt the response; not CONTINUESESSION: a successful read ends the session */
	if (Esys_TRSess_SetAttributes(t->esys, t->session, TPMA_SESSION_ENCRYPT, 0xff) != TSS2_RC_SUCCESS)
		return E_TPM_LOST;
	do
		rc = Esys_NV_Read(t->esys, o->nv, o->nv, t->session, ESYS_TR_NONE, ESYS_TR_NONE, GATE_SECRET_SIZE, 0, &data);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS) {
		context_forget(t, &t->session);
		wipe_response(t);
		wipe_stack();
		s = data->size == GATE_SECRET_SIZE ? OK : E_TPM_LOST;
		if (s == OK)
			memcpy(secret, data->buffer, GATE_SECRET_SIZE);
		memory_wipe(data, sizeof *data);
		Esys_Free(data);
		return s;
	}
	if (context_error(rc) == TPM2_RC_PCR_CHANGED)
		return context_status_quiet(t, rc);
	s = context_status(t, "NV_Read", rc);
	/* the HMAC is over Names and a key that came from the cache: they are out of step, nobody was denied anything */
	return s == E_TPM_AUTH ? E_TPM_AGAIN : s;
}

static enum status
policy_restart(struct tpm *t)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_PolicyRestart(t->esys, t->session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE);
	while (context_again(t, &a, rc));
	return context_status(t, "PolicyRestart", rc);
}

static enum status
read_replaying(struct tpm *t, struct opening *o, struct tpm_ticket *ticket, uint8_t secret[GATE_SECRET_SIZE])
{
	for (unsigned i = 0;; i++) {
		enum status s = satisfy(t, o, ticket);

		if (s == OK)
			s = nv_read(t, o, secret);
		if (s != E_TPM_PCR_CHANGED)
			return s;
		if (i == REPLAYS) {
			log_error("TPM: NV_Read: PCRs are extended all the time");
			return s;
		}
		log_debug("TPM: NV_Read: a PCR was extended in between; once more");
		s = policy_restart(t);
		if (s != OK)
			return s;
	}
}

/* ${approver}: the key that stays loaded, or ESYS_TR_NONE. */
static enum status
read_in_session(struct tpm *t, const struct tpm_object *nv, const struct tpm_approval *a, struct tpm_ticket *ticket,
	uint8_t secret[GATE_SECRET_SIZE], ESYS_TR *approver)
{
	struct opening o = { .nv = ESYS_TR_NONE, .approval_key = ESYS_TR_NONE };
	enum status s;

	memset(secret, 0, GATE_SECRET_SIZE);
	if (t->session == ESYS_TR_NONE)
		return t->lost ? E_TPM_LOST : E_TPM_AGAIN;
	s = prepare(nv, a, ticket, &o);
	if (s == OK)
		s = object_load(t, nv, &o.nv);
	if (s == OK && !o.cached)
		s = verify_delegation(t, &o, ticket);
	if (s == OK)
		s = load_external(t, &o.approver, ESYS_TR_RH_NULL, &o.approval_key);
	if (s == OK)
		s = read_replaying(t, &o, ticket, secret);
	object_unload(t, &o.nv);
	*approver = o.approval_key;
	return s;
}

enum status
tpm_secret_read(struct tpm *t, const struct tpm_object *nv, const struct tpm_approval *a, struct tpm_ticket *ticket,
	uint8_t secret[GATE_SECRET_SIZE])
{
	ESYS_TR approver = ESYS_TR_NONE;
	enum status s = read_in_session(t, nv, a, ticket, secret, &approver);

	tpm_session_end(t);
	return s;
}

enum status
tpm_secret_try(struct tpm *t, const struct tpm_object *nv, const struct tpm_approval *a, struct tpm_ticket *ticket,
	uint8_t secret[GATE_SECRET_SIZE])
{
	ESYS_TR approver = ESYS_TR_NONE;
	enum status s = read_in_session(t, nv, a, ticket, secret, &approver);

	if (s == OK)
		return s;
	context_release(t, &approver);
	/* A command that failed left the session's nonce as it was, so another approval for it still counts. */
	if (t->session == ESYS_TR_NONE || policy_restart(t) != OK)
		tpm_session_end(t);
	return s;
}

enum status
tpm_ticket_make(struct tpm *t, const struct tpm_approval *a, struct tpm_ticket *ticket)
{
	struct opening o = { .nv = ESYS_TR_NONE };
	enum status s = prepare_delegation(a, &o);

	ticket->n = 0;
	return s == OK ? verify_delegation(t, &o, ticket) : s;
}
