/* SPDX-License-Identifier: ISC */
#include "crypto/x25519.h"

#include <bearssl.h>
#include <string.h>

#include "base/memory.h"

void
x25519_public(const uint8_t sk[X25519_SIZE], uint8_t pk[X25519_SIZE])
{
	br_ec_c25519_m31.mulgen(pk, sk, X25519_SIZE, BR_EC_curve25519);
}

enum status
x25519_shared(const uint8_t sk[X25519_SIZE], const uint8_t pk[X25519_SIZE], uint8_t z[X25519_SIZE])
{
	static const uint8_t zeros[X25519_SIZE];

	memcpy(z, pk, X25519_SIZE);
	br_ec_c25519_m31.mul(z, X25519_SIZE, sk, X25519_SIZE, BR_EC_curve25519);
	return memory_equal(z, zeros, sizeof zeros) ? E_KEY : OK;
}
