/* SPDX-License-Identifier: ISC */
/*
 * Key derivation: HKDF (RFC 5869), the TPM's KDFa and KDFe (TPM 2.0 Part 1, 11.4.10).
 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/hash.h"

/* kdf_hkdf_extract(alg, salt, ikm, prk): hash_size(alg) bytes into ${prk}. */
void kdf_hkdf_extract(enum hash_alg alg, struct bytes salt, struct bytes ikm, uint8_t prk[HASH_SIZE_MAX]);

/* kdf_hkdf_expand(alg, prk, info, out, n): E_TOO_LARGE above 255 blocks, E_UNSUPPORTED for an unknown hash. */
enum status kdf_hkdf_expand(enum hash_alg alg, struct bytes prk, struct bytes info, uint8_t *out, size_t n);

/*
 * kdf_a(alg, key, label, u, v, out, n): KDFa; ${label} without its NUL, which is added; ${n} bytes (bits = 8 * n).
 * kdf_e(alg, z, use, u, v, out, n): KDFe over the x-coordinate ${z} and the parties' x-coordinates.
 * E_UNSUPPORTED for an unknown hash, E_TOO_LARGE above 2^29 - 1 bytes.
 */
enum status kdf_a(enum hash_alg alg, struct bytes key, const char *label, struct bytes u, struct bytes v, uint8_t *out, size_t n);
enum status kdf_e(enum hash_alg alg, struct bytes z, const char *use, struct bytes u, struct bytes v, uint8_t *out, size_t n);

#endif
