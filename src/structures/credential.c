/* SPDX-License-Identifier: ISC */
#include "structures/credential.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/aes_cfb.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

#define ALG_AES 0x0006
#define ALG_CFB 0x0043

/* RSA: a random seed, OAEP under the label "IDENTITY" with its NUL.  (Part 1, B.10.4) */
static enum status
seed_for_rsa(const struct public_area *ek, uint8_t seed[HASH_SIZE_MAX], size_t n, struct buffer *out)
{
	static const uint8_t label[] = "IDENTITY";
	uint8_t sealed[RSA_SIZE_MAX];
	enum status s = random_fill(seed, n);

	if (s == OK)
		s = rsa_oaep_encrypt(&ek->key.rsa, ek->name_alg, BYTES(label), bytes_of(seed, n), sealed);
	if (s != OK)
		return s;
	buffer_sized16(out, bytes_of(sealed, ek->key.rsa.n_size));
	return out->failed;
}

/* ECC: one-pass ECDH with a key of our own; what is sent is its point.  (Part 1, C.6.4) */
static enum status
seed_for_ec(const struct public_area *ek, uint8_t seed[HASH_SIZE_MAX], size_t n, struct buffer *out)
{
	struct ec_private own = { 0 };
	uint8_t z[EC_FIELD_MAX];
	size_t field = ec_field_size(ek->key.ec.curve);
	enum status s = ec_generate(ek->key.ec.curve, &own);

	if (s == OK)
		s = ec_shared(&own, &ek->key.ec, z);
	if (s == OK)
		s = kdf_e(ek->name_alg, bytes_of(z, field), "IDENTITY", bytes_of(own.public.x, field), bytes_of(ek->key.ec.x, field), seed, n);
	if (s == OK) {
		buffer_be16(out, (uint16_t)(2 * (2 + field)));
		buffer_sized16(out, bytes_of(own.public.x, field));
		buffer_sized16(out, bytes_of(own.public.y, field));
		s = out->failed;
	}
	memory_wipe(&own, sizeof own);
	memory_wipe(z, sizeof z);
	return s;
}

/*
 * TPM2B_ID_OBJECT (Part 1, 24.4):
 *	size 2 | TPM2B outer HMAC over (encrypted || name) | AES-CFB of TPM2B secret, IV 0
 */
static enum status
seal_identity(const struct public_area *ek, struct bytes seed, const struct name *name, const uint8_t secret[CREDENTIAL_SECRET_SIZE],
	struct buffer *out)
{
	static const uint8_t iv[16];
	uint8_t key[32], mac_key[HASH_SIZE_MAX], mac[HASH_SIZE_MAX], text[2 + CREDENTIAL_SECRET_SIZE];
	struct buffer identity = BUFFER(text);
	size_t n = hash_size(ek->name_alg), key_n = ek->symmetric_bits / 8U;
	struct hmac m;
	enum status s;

	buffer_sized16(&identity, bytes_of(secret, CREDENTIAL_SECRET_SIZE));
	s = kdf_a(ek->name_alg, seed, "STORAGE", name_view(name), bytes_of(NULL, 0), key, key_n);
	if (s == OK)
		s = kdf_a(ek->name_alg, seed, "INTEGRITY", bytes_of(NULL, 0), bytes_of(NULL, 0), mac_key, n);
	if (s == OK)
		s = aes_cfb_encrypt(bytes_of(key, key_n), iv, text, sizeof text);
	if (s == OK) {
		hmac_begin(&m, ek->name_alg, bytes_of(mac_key, n));
		hmac_add(&m, BYTES(text));
		hmac_add(&m, name_view(name));
		hmac_end(&m, mac);
		buffer_be16(out, (uint16_t)(2 + n + sizeof text));
		buffer_sized16(out, bytes_of(mac, n));
		buffer_bytes(out, BYTES(text));
		s = out->failed;
	}
	memory_wipe(key, sizeof key);
	memory_wipe(mac_key, sizeof mac_key);
	memory_wipe(text, sizeof text);
	return s;
}

enum status
credential_make(const struct public_area *ek, const struct name *name, const uint8_t secret[CREDENTIAL_SECRET_SIZE], struct buffer *blob,
	struct buffer *seed)
{
	uint8_t value[HASH_SIZE_MAX];
	size_t n = hash_size(ek->name_alg);
	enum status s;

	if (n == 0 || ek->symmetric != ALG_AES || ek->symmetric_mode != ALG_CFB || (ek->symmetric_bits != 128 && ek->symmetric_bits != 256))
		return E_UNSUPPORTED;
	s = ek->type == PUBLIC_RSA ? seed_for_rsa(ek, value, n, seed) : seed_for_ec(ek, value, n, seed);
	if (s == OK)
		s = seal_identity(ek, bytes_of(value, n), name, secret, blob);
	memory_wipe(value, sizeof value);
	return s;
}
