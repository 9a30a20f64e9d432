/* SPDX-License-Identifier: ISC */
/*
 * ChaCha20-Poly1305 (RFC 8439).
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/bytes.h"

#define AEAD_KEY_SIZE 32
#define AEAD_NONCE_SIZE 12
#define AEAD_TAG_SIZE 16

/* A nonce must never be used twice with one key. memory_wipe() it after use. */
struct aead_key {
	uint8_t key[AEAD_KEY_SIZE], nonce[AEAD_NONCE_SIZE];
};

/* aead_encrypt(k, aad, data, n, tag): in place. */
void aead_encrypt(const struct aead_key *k, struct bytes aad, uint8_t *data, size_t n, uint8_t tag[AEAD_TAG_SIZE]);

/* aead_decrypt(k, aad, data, n, tag): in place; E_MAC, with ${data} wiped, when ${tag} is not the one. */
enum status aead_decrypt(const struct aead_key *k, struct bytes aad, uint8_t *data, size_t n, const uint8_t tag[AEAD_TAG_SIZE]);

#endif
