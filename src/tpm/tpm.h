/* SPDX-License-Identifier: ISC */
/*
 * The TPM of the attester.  (TPM 2.0 Part 3; tpm2-tss ESYS)
 *
 * One struct tpm at a time.  Nothing that is loaded outlives tpm_close(), nor a failed call.
 * A command that the TPM refuses is logged by its name and response code; the status says what the caller can do:
 *
 *	E_TPM_AGAIN        expired, or something cached is out of step: read it anew, new session and quote
 *	E_TPM_PCR_CHANGED  PCRs are extended all the time
 *	E_TPM_AUTH         another owner or endorsement authorisation
 *	E_TPM_LOST         no answer, or one that does not authenticate: only a new tpm_open() helps
 *	E_BUSY             busy for longer than the calls here wait (some 12 seconds)
 *	E_MISMATCH         a tpm_object whose Name is not that of its content: read it anew (also E_SYNTAX and its kin)
 *	E_TPM              refused
 */
#ifndef TPM_TPM_H
#define TPM_TPM_H

#include "structures/policy_digest.h"
#include "structures/quote.h"

struct tpm;

/*
 * tpm_open(tcti, t): ${tcti}: "device:/dev/tpm0", "device:/dev/tpmrm0", or NULL: /dev/tpm0, or /dev/tpmrm0 when that is busy.
 * Where TPM_WITH_SWTPM is defined (tests; never the agent) also "swtpm:path=SOCKET" and "swtpm:host=..,port=..".
 * Reads no property and sends no command but the TCTI's own probe.
 */
enum status tpm_open(const char *tcti, struct tpm **t);

/* tpm_close(t): flushes what is loaded, wipes, frees. NULL is fine. */
void tpm_close(struct tpm *t);

/* tpm_flush_leftovers(t): list and flush transient objects and sessions left by a dead predecessor. Only on a raw device. */
enum status tpm_flush_leftovers(struct tpm *t);

/* tpm_banks(t, banks, n): active banks, from sysfs when there (/sys/class/tpm/tpm0/pcr-*), else by GetCapability. */
enum status tpm_banks(struct tpm *t, enum hash_alg banks[QUOTE_BANKS_MAX], size_t *n);

/* Owner and endorsement authorisation values, empty by default; copied, wiped by tpm_close(). */
enum status tpm_set_auth(struct tpm *t, struct bytes owner, struct bytes endorsement);

/*
 * A persistent object or an NV index as a serialised ESYS_TR: what a token caches so that a boot asks the TPM for nothing.
 */
#define TPM_OBJECT_BLOB_MAX 1024
struct tpm_object {
	size_t n;
	uint8_t blob[TPM_OBJECT_BLOB_MAX];
};

/* tpm_object_public(o, public, handle): the TPMT_PUBLIC in a blob (view into it) and its handle. tpm_object_name(): our own hash of that public area, or of the NV public. */
enum status tpm_object_public(const struct tpm_object *o, struct bytes *public, uint32_t *handle);
enum status tpm_object_name(const struct tpm_object *o, struct name *name, uint32_t *handle);

/* tpm_object_find(t, handle, o): read it from the TPM (ReadPublic or NV_ReadPublic). E_NOT_FOUND. */
enum status tpm_object_find(struct tpm *t, uint32_t handle, struct tpm_object *o);

/* --- boot: the budget of 9 or 12 commands --- */

/* tpm_session_begin(t, ek, nonce): the policy session, salted to the EK; ${nonce} is nonceTPM. */
enum status tpm_session_begin(struct tpm *t, const struct tpm_object *ek, uint8_t nonce[GATE_NONCE_SIZE]);

/* tpm_session_age(t): seconds since tpm_session_begin(), by the monotonic clock. tpm_session_end(t): flush it, if there is one. */
unsigned tpm_session_age(const struct tpm *t);
void tpm_session_end(struct tpm *t);

/*
 * tpm_quote(t, ak, qualifying, banks, n, selected, attest, signature): the PCRs of ${selected} (bit i is PCR i) of those banks in one command,
 * with the key's own scheme.  A boot quotes TPM_PCRS; a running host leaves out PCR 10, which IMA goes on extending.
 * Appends the TPMS_ATTEST and the TPMT_SIGNATURE.
 */
#define TPM_PCRS UINT16_C(0xffff)
#define TPM_PCRS_WITHOUT_IMA UINT16_C(0xfbff)
enum status tpm_quote(struct tpm *t, const struct tpm_object *ak, const uint8_t qualifying[32], const enum hash_alg *banks, size_t n,
	uint16_t selected, struct buffer *attest, struct buffer *signature);

/* What opens the index: the approval's TPM part. */
struct tpm_approval {
	struct ec_public authority, approval_key, statement_key;
	uint32_t epoch;
	uint8_t delegation[EC_SIGNATURE_MAX]; /* r || s by the authority */
	size_t delegation_n;
	uint8_t signature[EC_SIGNATURE_MAX]; /* r || s by the approval key */
	size_t signature_n;
};

/* A ticket of VerifySignature (TPMT_TK_VERIFIED, marshalled) for a delegation; n = 0: none. */
#define TPM_TICKET_MAX 80
struct tpm_ticket {
	size_t n;
	uint8_t p[TPM_TICKET_MAX];
};

/*
 * tpm_secret_read(t, nv, a, ticket, secret): LoadExternal, PolicySigned, PolicyPCR, PolicyAuthorize, NV_Read in the session that was begun;
 * with no ticket, or one that is refused, VerifySignature first, and ${ticket} is then the new one.
 * PCR_CHANGED is replayed up to 8 times.  The session is gone afterwards, whatever happens.  The approval key's object stays loaded until
 * tpm_flush() or tpm_close(), so that the door closes without a delay.
 */
enum status tpm_secret_read(struct tpm *t, const struct tpm_object *nv, const struct tpm_approval *a, struct tpm_ticket *ticket,
	uint8_t secret[GATE_SECRET_SIZE]);

/* tpm_secret_try(): likewise, but after a failure the session serves once more, for another index and its approval, unless the TPM is lost. */
enum status tpm_secret_try(struct tpm *t, const struct tpm_object *nv, const struct tpm_approval *a, struct tpm_ticket *ticket,
	uint8_t secret[GATE_SECRET_SIZE]);

/* tpm_ticket_make(t, a, ticket): LoadExternal(authority), VerifySignature, FlushContext for the delegation in ${a}: the ticket for later boots. */
enum status tpm_ticket_make(struct tpm *t, const struct tpm_approval *a, struct tpm_ticket *ticket);

/* tpm_door_close(t, outcome): PCR_Event into PCR 13, in every bank; ${outcome}: at most 1024 bytes. tpm_flush(t): flush loaded objects. */
enum status tpm_door_close(struct tpm *t, struct bytes outcome);
enum status tpm_flush(struct tpm *t);

/* tpm_pcr_read(t, bank, pcr, out): one PCR. */
enum status tpm_pcr_read(struct tpm *t, enum hash_alg bank, unsigned pcr, struct digest *out);

/* --- enrolment, on the installed host --- */

enum tpm_ek_kind { TPM_EK_P384, TPM_EK_P256, TPM_EK_RSA2048, TPM_EK_KINDS };

/* tpm_ek_certificate(t, kind, der, chain): from the NV index of the TCG profile; padding after the DER cut. ${chain}: certificates from 0x01c00100-0x01c001ff, concatenated DER, empty when there are none. E_NOT_FOUND. */
enum status tpm_ek_certificate(struct tpm *t, enum tpm_ek_kind kind, struct buffer *der, struct buffer *chain);

/* tpm_ek_ensure(t, kind, ek): the EK of the default template, found among the persistent handles, or made and persisted at a free one. */
enum status tpm_ek_ensure(struct tpm *t, enum tpm_ek_kind kind, struct tpm_object *ek);

/* tpm_ak_ensure(t, ek, ak): an AK under the EK: P-384/SHA-384/ECDSA where the TPM can, else P-256, RSA-2048; persisted. ${preferred}: try this handle first and reuse a fitting AK; 0: none. ${kind}: TPM_EK_KINDS = the default order, else only that curve or RSA. ${*made}: a new one was persisted, which an undo may evict. */
enum status tpm_ak_ensure(struct tpm *t, const struct tpm_object *ek, uint32_t preferred, enum tpm_ek_kind kind, struct tpm_object *ak,
	bool *made);

/* tpm_activate(t, ek, ak, blob, seed, secret): ActivateCredential; EK policy PolicySecret(endorsement). Both of credential_make()'s outputs as they come. */
enum status tpm_activate(struct tpm *t, const struct tpm_object *ek, const struct tpm_object *ak, struct bytes blob, struct bytes seed,
	uint8_t secret[32]);

/*
 * tpm_secret_define(t, ek, authority, epoch, handle, secret, nv): a fresh index of the gate at ${*handle} (0: the first free one from 0x018b4701 up; a used one: E_EXISTS), written
 * with ${secret} and locked, the write in a session salted to the EK with the parameter encrypted.  An unlocked leftover of the same epoch's policy is deleted first.  Undone when it fails.
 */
enum status tpm_secret_define(struct tpm *t, const struct tpm_object *ek, const struct ec_public *authority, uint32_t epoch, uint32_t *handle,
	const uint8_t secret[GATE_SECRET_SIZE], struct tpm_object *nv);

/*
 * tpm_secret_clear(t, authority, epoch, handle): deletes what stands there, written or not, if it is an index of the gate of that authority and
 * of an epoch up to ${epoch} (the last 64); nothing there: OK.  E_EXISTS: something else, which stays.
 */
enum status tpm_secret_clear(struct tpm *t, const struct ec_public *authority, uint32_t epoch, uint32_t handle);

/* tpm_secret_sweep(t, authority, epoch, gone): tpm_secret_clear() for each index between 0x018b4701 and 0x018b47ff, other people's excepted; ${*gone} of them are deleted. */
enum status tpm_secret_sweep(struct tpm *t, const struct ec_public *authority, uint32_t epoch, size_t *gone);

/* tpm_secret_delete(t, handle): NV_UndefineSpace, for undoing and for removal. tpm_object_evict(t, handle): likewise for a persistent object. */
enum status tpm_secret_delete(struct tpm *t, uint32_t handle);
enum status tpm_object_evict(struct tpm *t, uint32_t handle);

/* tpm_secret_prove(t, ak, nv, qualifying, attest, signature): NV_ReadPublic in an audit session, GetSessionAuditDigest by the AK. */
enum status tpm_secret_prove(struct tpm *t, const struct tpm_object *ak, const struct tpm_object *nv, const uint8_t qualifying[32],
	struct buffer *attest, struct buffer *signature);

#endif
