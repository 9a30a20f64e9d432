/* SPDX-License-Identifier: ISC */
#include "verifier/nonce.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#define RANDOM_SIZE 16
#define MAC_SIZE 32

enum status
nonce_make(const uint8_t key[NONCE_KEY_SIZE], const uint8_t verifier[NONCE_VERIFIER_SIZE], uint64_t now, uint8_t out[NONCE_SIZE])
{
	struct buffer b = buffer_of(out, NONCE_SIZE);
	uint8_t random[RANDOM_SIZE], mac[HASH_SIZE_MAX];
	enum status s = random_fill(random, sizeof random);

	if (s != OK)
		return s;
	buffer_be64(&b, now);
	buffer_bytes(&b, bytes_of(verifier, NONCE_VERIFIER_SIZE));
	buffer_bytes(&b, BYTES(random));
	hmac_compute(HASH_SHA256, bytes_of(key, NONCE_KEY_SIZE), buffer_view(&b), mac);
	buffer_bytes(&b, bytes_of(mac, MAC_SIZE));
	return b.failed;
}

enum status
nonce_check(const uint8_t key[NONCE_KEY_SIZE], const uint8_t verifier[NONCE_VERIFIER_SIZE], uint64_t now, struct bytes in)
{
	struct reader r = reader_of(in);
	uint8_t mac[HASH_SIZE_MAX];
	uint64_t made = reader_be64(&r);
	bool own = bytes_equal(reader_take(&r, NONCE_VERIFIER_SIZE), bytes_of(verifier, NONCE_VERIFIER_SIZE));
	struct bytes given;

	reader_take(&r, RANDOM_SIZE);
	given = reader_take(&r, MAC_SIZE);
	if (reader_end(&r) != OK)
		return E_MAC;
	hmac_compute(HASH_SHA256, bytes_of(key, NONCE_KEY_SIZE), bytes_of(in.p, in.n - MAC_SIZE), mac);
	if (!memory_equal(mac, given.p, MAC_SIZE))
		return E_MAC;
	if (made > now && made - now > (own ? NONCE_LIFETIME : NONCE_SKEW))
		return E_RANGE;
	return made < now && now - made > NONCE_LIFETIME ? E_TIMEOUT : OK;
}
