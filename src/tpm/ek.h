/* SPDX-License-Identifier: ISC */
/*
 * Using an EK: its authorisation, and what is common to making keys.
 */
#ifndef TPM_EK_H
#define TPM_EK_H

#include "tpm/context.h"

/* What an EK of each kind is. */
struct ek_kind {
	enum public_type type;
	enum ec_curve curve;
	uint32_t certificate; /* NV index of its certificate (EK Credential Profile, 2.2.1.4, 2.2.1.5) */
	uint32_t handle;      /* where it is made persistent, when that is free */
};
extern const struct ek_kind ek_kinds[TPM_EK_KINDS];

/*
 * ek_authorise(t, ek, session): what authorises one use of the EK: ESYS_TR_PASSWORD where its template has userWithAuth,
 * else a policy session with PolicySecret(endorsement), to be given to context_release() after use.
 */
enum status ek_authorise(struct tpm *t, const struct tpm_object *ek, ESYS_TR *session);

/* ek_template(encoded, out): our TPMT_PUBLIC as ESYS wants it. */
enum status ek_template(const struct buffer *encoded, TPM2B_PUBLIC *out);

/* ek_free_handle(t, first, last, handle): ${*handle} if nothing is there, else the first free one of the range. E_NO_SPACE. */
enum status ek_free_handle(struct tpm *t, TPM2_HANDLE first, TPM2_HANDLE last, TPM2_HANDLE *handle);

#endif
