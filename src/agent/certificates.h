/* SPDX-License-Identifier: ISC */
/*
 * EK certificates as an attester sees them: bytes to be handed on.  The verifier judges them.
 */
#ifndef AGENT_CERTIFICATES_H
#define AGENT_CERTIFICATES_H

#include "base/bytes.h"
#include "tpm/tpm.h"

/* certificates_split(in, list, max, n): DER certificates that stand one behind the other, as views into ${in}. E_SYNTAX; E_TOO_LARGE for more than ${max}. */
enum status certificates_split(struct bytes in, struct bytes *list, size_t max, size_t *n);

/* certificates_ek_kind(der): which of the TPM's EKs it is for, by the algorithm of its subject's key; RSA-2048 when that is no curve of ours. */
enum tpm_ek_kind certificates_ek_kind(struct bytes der);

#endif
