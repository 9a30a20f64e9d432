/* SPDX-License-Identifier: ISC */
/*
 * Persistent objects and NV indices as blobs, and back: Esys_TR_Serialize's bytes, read by our own reader as well,
 * since they come from a disk and ESYS checks lengths only.
 *
 *	handle 4 | TPM2B Name | type 4 (1: key, 2: NV) | TPM2B_PUBLIC or TPM2B_NV_PUBLIC
 */
#ifndef TPM_OBJECT_H
#define TPM_OBJECT_H

#include "tpm/context.h"

/* object_load(t, o, tr): a blob to ESYS, without a command.  E_MISMATCH when its Name is not that of its public part. object_unload(t, tr): ESYS's record of it. */
enum status object_load(struct tpm *t, const struct tpm_object *o, ESYS_TR *tr);
void object_unload(struct tpm *t, ESYS_TR *tr);

/* object_find(t, handle, o): tpm_object_find() that logs nothing when there is none. */
enum status object_find(struct tpm *t, TPM2_HANDLE handle, struct tpm_object *o);

/* object_handle(t, handle, tr): an ESYS record for a handle, read from the TPM. E_NOT_FOUND. */
enum status object_handle(struct tpm *t, TPM2_HANDLE handle, ESYS_TR *tr);

/* object_nv_public(o, nv): the TPMS_NV_PUBLIC in a blob. E_TYPE for a key. */
struct nv_public {
	uint32_t handle, attributes;
	uint16_t name_alg, data_size;
	struct bytes policy;
};
enum status object_nv_public(const struct tpm_object *o, struct nv_public *nv);

/* object_persist(t, tr, handle, o): EvictControl by the owner to ${handle}; the blob of what is there then. */
enum status object_persist(struct tpm *t, ESYS_TR tr, TPM2_HANDLE handle, struct tpm_object *o);

#endif
