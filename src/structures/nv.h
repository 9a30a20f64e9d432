/* SPDX-License-Identifier: ISC */
/*
 * TPMS_NV_PUBLIC, and the audit digest that proves one.  (TPM 2.0 Part 2, 13.5; Part 1, 33)
 *
 * At enrolment the NV index is proved by NV_ReadPublic in an audit session whose digest the AK signs (NV_Certify would need
 * the read policy): audit = H(zeros || cpHash || rpHash).
 */
#ifndef STRUCTURES_NV_H
#define STRUCTURES_NV_H

#include "structures/policy_digest.h"

/* nv_read_public_audit(handle, attributes, policy, name, out): session digest (SHA-256) after one NV_ReadPublic that showed exactly that index. */
void nv_read_public_audit(uint32_t handle, uint32_t attributes, const uint8_t policy[GATE_DIGEST_SIZE], uint8_t out[GATE_DIGEST_SIZE]);

#endif
