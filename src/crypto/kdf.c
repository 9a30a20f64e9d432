/* SPDX-License-Identifier: ISC */
#include "crypto/kdf.h"

#include <string.h>

#include "base/memory.h"

/* 8 * n must fit the KDFs' 32-bit count of bits. */
#define OUTPUT_MAX (UINT32_MAX / 8)

void
kdf_hkdf_extract(enum hash_alg alg, struct bytes salt, struct bytes ikm, uint8_t prk[HASH_SIZE_MAX])
{
	hmac_compute(alg, salt, ikm, prk);
}

enum status
kdf_hkdf_expand(enum hash_alg alg, struct bytes prk, struct bytes info, uint8_t *out, size_t n)
{
	uint8_t t[HASH_SIZE_MAX];
	size_t size = hash_size(alg), have = 0;
	uint8_t counter = 0;

	if (size == 0)
		return E_UNSUPPORTED;
	if (n > 255 * size)
		return E_TOO_LARGE;
	for (size_t at = 0; at < n; at += have) {
		struct hmac m;

		counter++;
		hmac_begin(&m, alg, prk);
		hmac_add(&m, bytes_of(t, have));
		hmac_add(&m, info);
		hmac_add(&m, bytes_of(&counter, 1));
		have = hmac_end(&m, t);
		memcpy(out + at, t, n - at < have ? n - at : have);
	}
	memory_wipe(t, sizeof t);
	return OK;
}

static struct bytes
big_endian(uint8_t to[4], uint32_t v)
{
	struct buffer b = buffer_of(to, 4);

	buffer_be32(&b, v);
	return buffer_view(&b);
}

/* The label with the NUL that both KDFs count in. */
static struct bytes
with_nul(const char *label)
{
	return bytes_of(label, strlen(label) + 1);
}

enum status
kdf_a(enum hash_alg alg, struct bytes key, const char *label, struct bytes u, struct bytes v, uint8_t *out, size_t n)
{
	uint8_t block[HASH_SIZE_MAX], word[4];
	size_t size = hash_size(alg);
	uint32_t counter = 0;

	if (size == 0)
		return E_UNSUPPORTED;
	if (n > OUTPUT_MAX)
		return E_TOO_LARGE;
	for (size_t at = 0; at < n; at += size) {
		struct hmac m;

		hmac_begin(&m, alg, key);
		hmac_add(&m, big_endian(word, ++counter));
		hmac_add(&m, with_nul(label));
		hmac_add(&m, u);
		hmac_add(&m, v);
		hmac_add(&m, big_endian(word, (uint32_t)(8 * n)));
		hmac_end(&m, block);
		memcpy(out + at, block, n - at < size ? n - at : size);
	}
	memory_wipe(block, sizeof block);
	return OK;
}

enum status
kdf_e(enum hash_alg alg, struct bytes z, const char *use, struct bytes u, struct bytes v, uint8_t *out, size_t n)
{
	uint8_t block[HASH_SIZE_MAX], word[4];
	size_t size = hash_size(alg);
	uint32_t counter = 0;

	if (size == 0)
		return E_UNSUPPORTED;
	if (n > OUTPUT_MAX)
		return E_TOO_LARGE;
	for (size_t at = 0; at < n; at += size) {
		struct hash h;

		hash_begin(&h, alg);
		hash_add(&h, big_endian(word, ++counter));
		hash_add(&h, z);
		hash_add(&h, with_nul(use));
		hash_add(&h, u);
		hash_add(&h, v);
		hash_end(&h, block);
		memcpy(out + at, block, n - at < size ? n - at : size);
	}
	memory_wipe(block, sizeof block);
	return OK;
}
