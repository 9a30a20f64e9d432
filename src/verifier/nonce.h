/* SPDX-License-Identifier: ISC */
/*
 * The verifier's nonces: stateless, good for any verifier that has the same share master.
 *
 *   time, seconds (be64) || verifier (8) || random (16) || HMAC-SHA256(key, those 32 bytes) = 64 bytes
 */
#ifndef VERIFIER_NONCE_H
#define VERIFIER_NONCE_H

#include "base/bytes.h"

#define NONCE_SIZE 64
#define NONCE_KEY_SIZE 32
#define NONCE_VERIFIER_SIZE 8
#define NONCE_LIFETIME 600
#define NONCE_SKEW 120

/* nonce_make(key, verifier, now, out): E_RANDOM. */
enum status nonce_make(const uint8_t key[NONCE_KEY_SIZE], const uint8_t verifier[NONCE_VERIFIER_SIZE], uint64_t now, uint8_t out[NONCE_SIZE]);

/*
 * nonce_check(key, verifier, now, in): OK; E_MAC: none of ours; E_TIMEOUT: older than ten minutes; E_RANGE: another verifier's, from more than
 * two minutes ahead: one of the two clocks is wrong, and the peer had better ask and attest at the same verifier.
 */
enum status nonce_check(const uint8_t key[NONCE_KEY_SIZE], const uint8_t verifier[NONCE_VERIFIER_SIZE], uint64_t now, struct bytes in);

#endif
