/* SPDX-License-Identifier: ISC */
/*
 * X25519 (RFC 7748).
 */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include "base/bytes.h"

#define X25519_SIZE 32

/* x25519_public(sk, pk): the public key of any 32 bytes. */
void x25519_public(const uint8_t sk[X25519_SIZE], uint8_t pk[X25519_SIZE]);

/* x25519_shared(sk, pk, z): the shared secret; E_KEY, with zeros in ${z}, when it is zero, that is for a ${pk} of low order. */
enum status x25519_shared(const uint8_t sk[X25519_SIZE], const uint8_t pk[X25519_SIZE], uint8_t z[X25519_SIZE]);

#endif
