/* SPDX-License-Identifier: ISC */
/*
 * RSA public-key operations (RFC 8017): OAEP encryption to an EK, signatures of an AK.
 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include "crypto/hash.h"

#define RSA_SIZE_MAX 512

/* A public key: modulus of ${n_size} bytes (256, 384 or 512), no leading zeros; exponent as a number. */
struct rsa_public {
	size_t n_size;
	uint8_t n[RSA_SIZE_MAX];
	uint32_t e;
};

/* rsa_public_check(k): OK for 2048, 3072, 4096 bits, odd modulus, e odd and >= 65537 (e = 3 is refused); else E_KEY. */
enum status rsa_public_check(const struct rsa_public *k);

/*
 * rsa_oaep_encrypt(k, alg, label, in, out): RSAES-OAEP with MGF1 of the same hash; ${label} as given (the TPM counts its NUL in).
 * ${out} gets n_size bytes.  E_KEY, E_UNSUPPORTED (hash), E_TOO_LARGE (${in}), E_RANDOM; ${out} is wiped then.
 */
enum status rsa_oaep_encrypt(const struct rsa_public *k, enum hash_alg alg, struct bytes label, struct bytes in, uint8_t out[RSA_SIZE_MAX]);

/* rsa_encrypt_raw(k, in, out): the bare public operation on n_size bytes (else, or not below the modulus, E_RANGE). For the TPM's "null" scheme only. */
enum status rsa_encrypt_raw(const struct rsa_public *k, struct bytes in, uint8_t out[RSA_SIZE_MAX]);

/*
 * rsa_verify_pkcs1(k, alg, digest, sig): RSASSA-PKCS1-v1_5, the DigestInfo with its NULL.
 * rsa_verify_pss(k, alg, digest, sig): RSASSA-PSS, MGF1 of the same hash, any salt length that the encoding holds.
 * OK or E_SIGNATURE, also for a key that rsa_public_check() refuses.
 */
enum status rsa_verify_pkcs1(const struct rsa_public *k, enum hash_alg alg, struct bytes digest, struct bytes sig);
enum status rsa_verify_pss(const struct rsa_public *k, enum hash_alg alg, struct bytes digest, struct bytes sig);

#endif
