/* SPDX-License-Identifier: ISC */
/*
 * MakeCredential: a secret that only the TPM with this EK can open, and only for the object of this Name.  (Part 1, 24)
 */
#ifndef STRUCTURES_CREDENTIAL_H
#define STRUCTURES_CREDENTIAL_H

#include "structures/public.h"

#define CREDENTIAL_SECRET_SIZE 32
#define CREDENTIAL_BLOB_MAX 256   /* TPM2B_ID_OBJECT with its size */
#define CREDENTIAL_SEED_MAX 520   /* TPM2B_ENCRYPTED_SECRET with its size */

/* credential_make(ek, name, secret, blob, seed): ${blob} gets a TPM2B_ID_OBJECT, ${seed} a TPM2B_ENCRYPTED_SECRET, ready for ActivateCredential. */
enum status credential_make(const struct public_area *ek, const struct name *name, const uint8_t secret[CREDENTIAL_SECRET_SIZE],
	struct buffer *blob, struct buffer *seed);

#endif
