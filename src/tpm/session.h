/* SPDX-License-Identifier: ISC */
/*
 * The TPM's own types, made from ours: what several commands need.
 */
#ifndef TPM_SESSION_H
#define TPM_SESSION_H

#include "tpm/context.h"

/* session_digest(v): a TPM2B_DIGEST of at most HASH_SIZE_MAX bytes. session_nonce(v): likewise a TPM2B_NONCE (the same type, by another name). */
TPM2B_DIGEST session_digest(struct bytes v);

/* session_door(): PCR 13 of the SHA-256 bank. */
TPML_PCR_SELECTION session_door(void);

/* session_append_signature(signature, out): the TPMT_SIGNATURE, marshalled. */
enum status session_append_signature(const TPMT_SIGNATURE *signature, struct buffer *out);

#endif
