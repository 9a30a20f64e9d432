/* SPDX-License-Identifier: ISC */
/*
 * Policy digests of the gate, as the TPM computes them.  (TPM 2.0 Part 3, 23; Part 1, 19.7)
 *
 * What stands in a TPM and on disks follows from these functions: they are frozen with protocol version 1.
 *
 *   NV index   authPolicy   = PolicyAuthorize(authority key's Name, policyRef = gate_epoch_ref)
 *   delegation              = authority's signature over (policy digest of PolicySigned(approval key, gate_approval_ref), PolicyPCR(SHA-256: 13 = 0))
 *   approval                = approval key's signature over (nonceTPM, 120 s, cpHash of NV_Read, gate_approval_ref)
 */
#ifndef STRUCTURES_POLICY_DIGEST_H
#define STRUCTURES_POLICY_DIGEST_H

#include "structures/public.h"

#define DOOR_PCR 13
#define GATE_SECRET_SIZE 32
#define GATE_NONCE_SIZE 32
#define GATE_EXPIRATION 120
#define GATE_DIGEST_SIZE 32 /* the session's hash is SHA-256 */
#define GATE_REF_SIZE 32
#define GATE_EPOCH_REF_SIZE 20
#define GATE_NV_ATTRIBUTES UINT32_C(0x22082802) /* written and locked */
#define GATE_NV_ATTRIBUTES_DEFINE UINT32_C(0x02082002) /* as given to NV_DefineSpace */

/* gate_epoch_ref(epoch, out): "bootgate/1 epoch" || be32(epoch). */
void gate_epoch_ref(uint32_t epoch, uint8_t out[GATE_EPOCH_REF_SIZE]);

/* gate_approval_ref(statement_key, out): SHA-256("bootgate/1 disk" || uncompressed point of the statement key). */
void gate_approval_ref(const struct ec_public *statement_key, uint8_t out[GATE_REF_SIZE]);

/* gate_nv_policy(authority, epoch, out): authPolicy of the NV index. */
enum status gate_nv_policy(const struct ec_public *authority, uint32_t epoch, uint8_t out[GATE_DIGEST_SIZE]);

/* gate_nv_public(handle, attributes, policy, out): appends the index's TPMS_NV_PUBLIC (dataSize 32). */
void gate_nv_public(uint32_t handle, uint32_t attributes, const uint8_t policy[GATE_DIGEST_SIZE], struct buffer *out);

/* gate_nv_name(handle, attributes, policy, out): the index's Name: SHA-256 over its TPMS_NV_PUBLIC (dataSize 32). */
void gate_nv_name(uint32_t handle, uint32_t attributes, const uint8_t policy[GATE_DIGEST_SIZE], struct name *out);

/* gate_delegated_policy(approval_key, statement_key, out): the policy that the authority approves for a verifier. */
enum status gate_delegated_policy(const struct ec_public *approval_key, const struct ec_public *statement_key, uint8_t out[GATE_DIGEST_SIZE]);

/* gate_delegation_digest(authority, policy, epoch, out): what the authority signs: H(policy || epoch ref), H = ec_hash(curve of the authority). */
enum status gate_delegation_digest(const struct ec_public *authority, const uint8_t policy[GATE_DIGEST_SIZE], uint32_t epoch, struct digest *out);

/* gate_delegation_verify(authority, approval_key, statement_key, epoch, sig): OK, or E_SIGNATURE. ${sig}: r || s. */
enum status gate_delegation_verify(const struct ec_public *authority, const struct ec_public *approval_key,
	const struct ec_public *statement_key, uint32_t epoch, struct bytes sig);

/* gate_read_cphash(nv_name, out): SHA-256(TPM_CC_NV_Read || nv_name || nv_name || be16(32) || be16(0)): reading the whole index under its own authorisation. */
void gate_read_cphash(const struct name *nv_name, uint8_t out[GATE_DIGEST_SIZE]);

/* gate_approval_digest(curve, nonce, nv_name, statement_key, out): what the approval key signs (aHash of PolicySigned): H(nonceTPM || be32(120) || cpHash || ref), H = ec_hash(curve of the approval key). */
void gate_approval_digest(const struct ec_public *approval_key, const uint8_t nonce[GATE_NONCE_SIZE], const struct name *nv_name,
	const struct ec_public *statement_key, struct digest *out);

#endif
