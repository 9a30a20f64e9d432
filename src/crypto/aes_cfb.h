/* SPDX-License-Identifier: ISC */
/*
 * AES in CFB mode with full-block feedback (SP 800-38A, CFB128), as the TPM's parameter encryption uses it.
 */
#ifndef CRYPTO_AES_CFB_H
#define CRYPTO_AES_CFB_H

#include "base/bytes.h"

/* aes_cfb_encrypt/decrypt(key, iv, data, n): in place, any length; ${key} of 16, 24 or 32 bytes (else E_KEY). */
enum status aes_cfb_encrypt(struct bytes key, const uint8_t iv[16], uint8_t *data, size_t n);
enum status aes_cfb_decrypt(struct bytes key, const uint8_t iv[16], uint8_t *data, size_t n);

#endif
