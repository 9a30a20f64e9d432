/* SPDX-License-Identifier: ISC */
/*
 * Making ECDSA signatures (RFC 6979, deterministic).  Linked into verifier and operator's tool only.
 */
#ifndef CRYPTO_ECDSA_SIGN_H
#define CRYPTO_ECDSA_SIGN_H

#include "crypto/ec.h"

/*
 * ecdsa_sign(k, alg, digest, sig, n): r || s, each of the field's size; ${alg} is the hash that made ${digest}.
 * E_UNSUPPORTED (hash), E_RANGE (a digest of another size), E_KEY; ${n} is 0 then.
 */
enum status ecdsa_sign(const struct ec_private *k, enum hash_alg alg, struct bytes digest, uint8_t sig[EC_SIGNATURE_MAX], size_t *n);

#endif
