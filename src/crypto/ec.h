/* SPDX-License-Identifier: ISC */
/*
 * P-256 and P-384 (FIPS 186-4): public keys, ECDH, verifying ECDSA.  Signing stands in crypto/ecdsa_sign.h, which the agent does not link.
 */
#ifndef CRYPTO_EC_H
#define CRYPTO_EC_H

#include "crypto/hash.h"

/* TPM_ECC_CURVE values (TPM 2.0 Part 2, 6.4). */
enum ec_curve { EC_NONE = 0, EC_P256 = 0x0003, EC_P384 = 0x0004 };

#define EC_FIELD_MAX 48
#define EC_POINT_MAX (1 + 2 * EC_FIELD_MAX)
#define EC_SIGNATURE_MAX (2 * EC_FIELD_MAX)

/* A public key; coordinates are padded to the field's size and stand at the start of x and y. */
struct ec_public {
	enum ec_curve curve;
	uint8_t x[EC_FIELD_MAX], y[EC_FIELD_MAX];
};

/* A private key with its public half. memory_wipe() it after use. */
struct ec_private {
	struct ec_public public;
	uint8_t d[EC_FIELD_MAX];
};

/* ec_field_size(curve): 32, 48, or 0. */
size_t ec_field_size(enum ec_curve curve);

/* ec_hash(curve): the hash that bootgate signs with on that curve: SHA-256, SHA-384; HASH_NONE for the rest. */
enum hash_alg ec_hash(enum ec_curve curve);

/* ec_public_encode(k, out): the uncompressed point 04 || x || y (SEC 1, 2.3.3); returns its size. */
size_t ec_public_encode(const struct ec_public *k, uint8_t out[EC_POINT_MAX]);

/*
 * ec_public_decode(curve, in, k): an uncompressed point, checked to be on the curve (E_KEY).
 * ec_public_from_xy(curve, x, y, k): from coordinates of at most the field's size, as the TPM gives them; checked likewise.
 */
enum status ec_public_decode(enum ec_curve curve, struct bytes in, struct ec_public *k);
enum status ec_public_from_xy(enum ec_curve curve, struct bytes x, struct bytes y, struct ec_public *k);

bool ec_public_equal(const struct ec_public *a, const struct ec_public *b);

/* ec_generate(curve, k): a fresh key pair from the system's randomness (E_RANDOM; E_UNSUPPORTED for another curve). */
enum status ec_generate(enum ec_curve curve, struct ec_private *k);

/* ec_private_from_d(curve, d, k): from the secret scalar, field-size bytes; E_KEY when 0 or not below the order. */
enum status ec_private_from_d(enum ec_curve curve, struct bytes d, struct ec_private *k);

/* ec_shared(k, peer, z): the x-coordinate of d*peer, padded to the field's size; E_KEY for a bad point or other curves. */
enum status ec_shared(const struct ec_private *k, const struct ec_public *peer, uint8_t z[EC_FIELD_MAX]);

/* ec_verify(k, digest, sig): ECDSA; ${sig} = r || s, each of the field's size exactly. OK or E_SIGNATURE. */
enum status ec_verify(const struct ec_public *k, struct bytes digest, struct bytes sig);

#endif
