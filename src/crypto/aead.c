/* SPDX-License-Identifier: ISC */
#include "crypto/aead.h"

#include <bearssl.h>

#include "base/memory.h"

/* The portable code: keys are what passes here, not bulk data. */
static void
run(const struct aead_key *k, struct bytes aad, uint8_t *data, size_t n, uint8_t tag[AEAD_TAG_SIZE], bool encrypt)
{
	br_poly1305_ctmul_run(k->key, k->nonce, data, n, aad.p, aad.n, tag, br_chacha20_ct_run, encrypt);
}

void
aead_encrypt(const struct aead_key *k, struct bytes aad, uint8_t *data, size_t n, uint8_t tag[AEAD_TAG_SIZE])
{
	run(k, aad, data, n, tag, true);
}

enum status
aead_decrypt(const struct aead_key *k, struct bytes aad, uint8_t *data, size_t n, const uint8_t tag[AEAD_TAG_SIZE])
{
	uint8_t computed[AEAD_TAG_SIZE];

	run(k, aad, data, n, computed, false);
	if (memory_equal(computed, tag, sizeof computed))
		return OK;
	memory_wipe(data, n);
	return E_MAC;
}
