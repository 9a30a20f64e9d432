/* SPDX-License-Identifier: ISC */
#include "crypto/rsa.h"

#include <bearssl.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/random.h"

/* 0x00 at the front, 0x01 before what follows the padding. */
#define OAEP_OVERHEAD(hash) (2 * (hash) + 2)

enum status
rsa_public_check(const struct rsa_public *k)
{
	if (k->n_size != 256 && k->n_size != 384 && k->n_size != 512)
		return E_KEY;
	/* The highest bit makes the size exact: EMSA-PSS below counts on it. */
	if ((k->n[0] & 0x80) == 0 || (k->n[k->n_size - 1] & 1) == 0)
		return E_KEY;
	return k->e >= 65537 && (k->e & 1) == 1 ? OK : E_KEY;
}

/* ${x}^e mod n, in place; E_RANGE when ${x} is not below n.  (RFC 8017, 5.1.1, 5.2.2) */
static enum status
public_operation(const struct rsa_public *k, uint8_t x[RSA_SIZE_MAX])
{
	uint8_t n[RSA_SIZE_MAX], e[4];
	struct buffer b = BUFFER(e);
	br_rsa_public_key key = { n, k->n_size, e, sizeof e };

	buffer_be32(&b, k->e);
	memcpy(n, k->n, k->n_size);
	return br_rsa_public_get_default()(x, k->n_size, &key) == 1 ? OK : E_RANGE;
}

/* MGF1 (RFC 8017, B.2.1), XORed onto ${to}. */
static void
mask(enum hash_alg alg, struct bytes seed, uint8_t *to, size_t n)
{
	uint8_t block[HASH_SIZE_MAX], word[4];
	size_t size = hash_size(alg);
	uint32_t counter = 0;

	for (size_t at = 0; at < n; at += size) {
		struct buffer b = BUFFER(word);
		struct hash h;

		buffer_be32(&b, counter++);
		hash_begin(&h, alg);
		hash_add(&h, seed);
		hash_add(&h, buffer_view(&b));
		hash_end(&h, block);
		for (size_t i = 0; i < size && at + i < n; i++)
			to[at + i] ^= block[i];
	}
	memory_wipe(block, sizeof block);
}

/*
 * EM = 00 || seed ^ mask(db) || db ^ mask(seed), db = hash of the label || 00… || 01 || ${in}  (RFC 8017, 7.1.1)
 */
static enum status
oaep_encode(uint8_t em[RSA_SIZE_MAX], size_t n, enum hash_alg alg, struct bytes label, struct bytes in)
{
	size_t size = hash_size(alg), db_n = n - size - 1;
	uint8_t *seed = em + 1, *db = em + 1 + size;
	uint8_t lhash[HASH_SIZE_MAX];

	memset(em, 0, n);
	hash_compute(alg, label, lhash);
	memcpy(db, lhash, size);
	db[db_n - in.n - 1] = 0x01;
	if (in.n > 0)
		memcpy(db + db_n - in.n, in.p, in.n);
	if (random_fill(seed, size) != OK)
		return E_RANDOM;
	mask(alg, bytes_of(seed, size), db, db_n);
	mask(alg, bytes_of(db, db_n), seed, size);
	return OK;
}

enum status
rsa_oaep_encrypt(const struct rsa_public *k, enum hash_alg alg, struct bytes label, struct bytes in, uint8_t out[RSA_SIZE_MAX])
{
	enum status s = rsa_public_check(k);

	if (s == OK && !hash_known((uint16_t)alg))
		s = E_UNSUPPORTED;
	if (s == OK && in.n > k->n_size - OAEP_OVERHEAD(hash_size(alg)))
		s = E_TOO_LARGE;
	if (s == OK)
		s = oaep_encode(out, k->n_size, alg, label, in);
	if (s == OK)
		s = public_operation(k, out);
	if (s != OK)
		memory_wipe(out, RSA_SIZE_MAX);
	return s;
}

enum status
rsa_encrypt_raw(const struct rsa_public *k, struct bytes in, uint8_t out[RSA_SIZE_MAX])
{
	enum status s = rsa_public_check(k);

	if (s == OK && in.n != k->n_size)
		s = E_RANGE;
	if (s == OK) {
		memcpy(out, in.p, in.n);
		s = public_operation(k, out);
	}
	if (s != OK)
		memory_wipe(out, RSA_SIZE_MAX);
	return s;
}

/* The encoded message that ${sig} opens to; whatever is wrong is E_SIGNATURE. */
static enum status
recover(const struct rsa_public *k, enum hash_alg alg, struct bytes digest, struct bytes sig, uint8_t em[RSA_SIZE_MAX])
{
	if (digest.n == 0 || digest.n != hash_size(alg))
		return E_SIGNATURE;
	if (rsa_public_check(k) != OK || sig.n != k->n_size)
		return E_SIGNATURE;
	memcpy(em, sig.p, sig.n);
	return public_operation(k, em) == OK ? OK : E_SIGNATURE;
}

/* DigestInfo up to the digest itself (RFC 8017, 9.2, note 1); 15 or 19 bytes. */
static const struct {
	enum hash_alg alg;
	uint8_t n, p[19];
} digest_info[] = {
	{ HASH_SHA1, 15, { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14 } },
	{ HASH_SHA256, 19,
		{ 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 } },
	{ HASH_SHA384, 19,
		{ 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30 } },
	{ HASH_SHA512, 19,
		{ 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40 } },
};

/*
 * 00 01 ff… 00 DigestInfo digest, filling ${n} bytes.  (RFC 8017, 9.2)
 */
static bool
pkcs1_encode(uint8_t em[RSA_SIZE_MAX], size_t n, enum hash_alg alg, struct bytes digest)
{
	for (size_t i = 0; i < sizeof digest_info / sizeof *digest_info; i++) {
		size_t info = digest_info[i].n, at = n - digest.n - info;

		if (digest_info[i].alg != alg)
			continue;
		memset(em, 0xff, at);
		em[0] = 0x00;
		em[1] = 0x01;
		em[at - 1] = 0x00;
		memcpy(em + at, digest_info[i].p, info);
		memcpy(em + at + info, digest.p, digest.n);
		return true;
	}
	return false;
}

enum status
rsa_verify_pkcs1(const struct rsa_public *k, enum hash_alg alg, struct bytes digest, struct bytes sig)
{
	uint8_t em[RSA_SIZE_MAX], expected[RSA_SIZE_MAX];
	enum status s = recover(k, alg, digest, sig, em);

	if (s != OK)
		return s;
	/* Encoded and compared, never parsed: there is one right answer. */
	if (!pkcs1_encode(expected, k->n_size, alg, digest))
		return E_SIGNATURE;
	return memory_equal(em, expected, k->n_size) ? OK : E_SIGNATURE;
}

/*
 * EM = db ^ mask(h) || h || bc,  db = 00… || 01 || salt,  h = hash of 8 zero bytes || digest || salt  (RFC 8017, 9.1.2)
 * The modulus has its highest bit set, so EM has one bit less than its bytes hold: that bit must be zero.
 */
static enum status
pss_check(uint8_t em[RSA_SIZE_MAX], size_t n, enum hash_alg alg, struct bytes digest)
{
	static const uint8_t zeros[8];
	size_t size = hash_size(alg), db_n = n - size - 1, at = 0;
	const uint8_t *claimed = em + db_n;
	uint8_t computed[HASH_SIZE_MAX];
	struct hash h;

	if (em[n - 1] != 0xbc || (em[0] & 0x80) != 0)
		return E_SIGNATURE;
	mask(alg, bytes_of(claimed, size), em, db_n);
	em[0] &= 0x7f;
	while (at < db_n && em[at] == 0x00)
		at++;
	if (at == db_n || em[at] != 0x01)
		return E_SIGNATURE;
	hash_begin(&h, alg);
	hash_add(&h, BYTES(zeros));
	hash_add(&h, digest);
	hash_add(&h, bytes_of(em + at + 1, db_n - at - 1));
	hash_end(&h, computed);
	return memory_equal(claimed, computed, size) ? OK : E_SIGNATURE;
}

enum status
rsa_verify_pss(const struct rsa_public *k, enum hash_alg alg, struct bytes digest, struct bytes sig)
{
	uint8_t em[RSA_SIZE_MAX];
	enum status s = recover(k, alg, digest, sig, em);

	return s == OK ? pss_check(em, k->n_size, alg, digest) : s;
}
