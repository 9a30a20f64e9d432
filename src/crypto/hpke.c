/* SPDX-License-Identifier: ISC */
#include "crypto/hpke.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "crypto/x25519.h"

#define HASH_N 32
#define PSK_MIN 32
#define IKM_MIN 32

/* key_schedule_context: the mode and two hashes; the longest info of any labelled expansion. */
#define SCHEDULE_N (1 + 2 * HASH_N)

/* suite_id (RFC 9180, 4.1 and 5.1): DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, ChaCha20-Poly1305 0x0003. */
static const uint8_t kem_suite[] = { 'K', 'E', 'M', 0x00, 0x20 };
static const uint8_t hpke_suite[] = { 'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03 };

#define KEM BYTES(kem_suite)
#define HPKE BYTES(hpke_suite)
#define VERSION BYTES_STRING("HPKE-v1")
#define NOTHING ((struct bytes){ NULL, 0 })

/* LabeledExtract (RFC 9180, 4): HKDF's extract is HMAC keyed with the salt, so the parts need not be joined. */
static void
extract(struct bytes suite, struct bytes salt, struct bytes label, struct bytes ikm, uint8_t prk[HASH_SIZE_MAX])
{
	struct hmac m;

	hmac_begin(&m, HASH_SHA256, salt);
	hmac_add(&m, VERSION);
	hmac_add(&m, suite);
	hmac_add(&m, label);
	hmac_add(&m, ikm);
	hmac_end(&m, prk);
}

/* LabeledExpand (RFC 9180, 4). */
static enum status
expand(struct bytes suite, const uint8_t prk[HASH_N], struct bytes label, struct bytes info, uint8_t *out, size_t n)
{
	uint8_t joined[64 + SCHEDULE_N];
	struct buffer b = BUFFER(joined);

	buffer_be16(&b, (uint16_t)n);
	buffer_bytes(&b, VERSION);
	buffer_bytes(&b, suite);
	buffer_bytes(&b, label);
	buffer_bytes(&b, info);
	if (b.failed != OK)
		return b.failed;
	return kdf_hkdf_expand(HASH_SHA256, bytes_of(prk, HASH_N), buffer_view(&b), out, n);
}

enum status
hpke_derive(struct bytes ikm, struct hpke_private *k)
{
	uint8_t prk[HASH_SIZE_MAX];
	enum status s;

	memset(k, 0, sizeof *k);
	if (ikm.n < IKM_MIN)
		return E_RANGE;
	extract(KEM, NOTHING, BYTES_STRING("dkp_prk"), ikm, prk);
	s = expand(KEM, prk, BYTES_STRING("sk"), NOTHING, k->sk, sizeof k->sk);
	if (s == OK)
		x25519_public(k->sk, k->pk);
	memory_wipe(prk, sizeof prk);
	return s;
}

enum status
hpke_generate(struct hpke_private *k)
{
	uint8_t ikm[IKM_MIN];
	enum status s = random_fill(ikm, sizeof ikm);

	if (s == OK)
		s = hpke_derive(BYTES(ikm), k);
	else
		memset(k, 0, sizeof *k);
	memory_wipe(ikm, sizeof ikm);
	return s;
}

/* Encap and Decap (RFC 9180, 4.1): the own secret key, the peer's public one, and both public ones in the order enc, receiver's. */
static enum status
shared_secret(const uint8_t sk[HPKE_KEY_SIZE], const uint8_t peer[HPKE_KEY_SIZE], const uint8_t enc[HPKE_ENC_SIZE],
	const uint8_t receiver[HPKE_KEY_SIZE], uint8_t out[HASH_N])
{
	uint8_t z[HPKE_KEY_SIZE], prk[HASH_SIZE_MAX], both[HPKE_ENC_SIZE + HPKE_KEY_SIZE];
	enum status s = x25519_shared(sk, peer, z);

	memcpy(both, enc, HPKE_ENC_SIZE);
	memcpy(both + HPKE_ENC_SIZE, receiver, HPKE_KEY_SIZE);
	if (s == OK) {
		extract(KEM, NOTHING, BYTES_STRING("eae_prk"), BYTES(z), prk);
		s = expand(KEM, prk, BYTES_STRING("shared_secret"), BYTES(both), out, HASH_N);
	}
	memory_wipe(z, sizeof z);
	memory_wipe(prk, sizeof prk);
	return s;
}

static enum status
check_context(const struct hpke_context *c)
{
	if (c->psk.n == 0)
		return c->psk_id.n == 0 ? OK : E_RANGE;
	return c->psk.n >= PSK_MIN && c->psk_id.n > 0 ? OK : E_RANGE;
}

/* KeySchedule (RFC 9180, 5.1); with sequence number 0 the nonce is base_nonce itself. */
static enum status
schedule(const uint8_t shared[HASH_N], const struct hpke_context *c, struct aead_key *to)
{
	uint8_t context[SCHEDULE_N], part[HASH_SIZE_MAX], secret[HASH_SIZE_MAX];
	struct buffer b = BUFFER(context);
	enum status s;

	buffer_u8(&b, c->psk.n > 0 ? 0x01 : 0x00);
	extract(HPKE, NOTHING, BYTES_STRING("psk_id_hash"), c->psk_id, part);
	buffer_bytes(&b, bytes_of(part, HASH_N));
	extract(HPKE, NOTHING, BYTES_STRING("info_hash"), c->info, part);
	buffer_bytes(&b, bytes_of(part, HASH_N));
	extract(HPKE, bytes_of(shared, HASH_N), BYTES_STRING("secret"), c->psk, secret);
	s = expand(HPKE, secret, BYTES_STRING("key"), BYTES(context), to->key, sizeof to->key);
	if (s == OK)
		s = expand(HPKE, secret, BYTES_STRING("base_nonce"), BYTES(context), to->nonce, sizeof to->nonce);
	memory_wipe(secret, sizeof secret);
	return s;
}

/* Everything that both sides do alike: from the keys to the message's secrets. */
static enum status
agree(const uint8_t sk[HPKE_KEY_SIZE], const uint8_t peer[HPKE_KEY_SIZE], const uint8_t enc[HPKE_ENC_SIZE],
	const uint8_t receiver[HPKE_KEY_SIZE], const struct hpke_context *c, struct aead_key *to)
{
	uint8_t shared[HASH_N];
	enum status s = check_context(c);

	if (s == OK)
		s = shared_secret(sk, peer, enc, receiver, shared);
	if (s == OK)
		s = schedule(shared, c, to);
	memory_wipe(shared, sizeof shared);
	return s;
}

/* Forget what was appended since ${n}. */
static void
take_back(struct buffer *b, size_t n)
{
	if (b->n > n)
		memory_wipe(b->p + n, b->n - n);
	b->n = n;
}

enum status
hpke_seal_deterministic(const struct hpke_private *ephemeral, const uint8_t pk[HPKE_KEY_SIZE], const struct hpke_context *c,
	struct bytes in, struct buffer *out)
{
	uint8_t tag[HPKE_TAG_SIZE];
	struct aead_key m;
	size_t before = out->n;
	enum status s = agree(ephemeral->sk, pk, ephemeral->pk, pk, c, &m);

	if (s == OK) {
		buffer_bytes(out, bytes_of(ephemeral->pk, HPKE_ENC_SIZE));
		buffer_bytes(out, in);
		if (out->failed == OK)
			aead_encrypt(&m, c->aad, out->p + before + HPKE_ENC_SIZE, in.n, tag);
		buffer_bytes(out, BYTES(tag));
		s = out->failed;
		if (s != OK)
			take_back(out, before);
	}
	memory_wipe(&m, sizeof m);
	return s;
}

enum status
hpke_seal(const uint8_t pk[HPKE_KEY_SIZE], const struct hpke_context *c, struct bytes in, struct buffer *out)
{
	struct hpke_private ephemeral;
	enum status s = hpke_generate(&ephemeral);

	if (s == OK)
		s = hpke_seal_deterministic(&ephemeral, pk, c, in, out);
	memory_wipe(&ephemeral, sizeof ephemeral);
	return s;
}

/* The ciphertext is decrypted where it was appended, and taken back unless its tag agrees. */
static enum status
open_with(const struct aead_key *m, struct bytes aad, struct bytes text, const uint8_t tag[HPKE_TAG_SIZE], struct buffer *out)
{
	size_t before = out->n;
	enum status s;

	buffer_bytes(out, text);
	if (out->failed != OK)
		return out->failed;
	s = aead_decrypt(m, aad, text.n > 0 ? out->p + before : NULL, text.n, tag);
	if (s != OK)
		take_back(out, before);
	return s;
}

enum status
hpke_open(const struct hpke_private *k, const struct hpke_context *c, struct bytes sealed, struct buffer *out)
{
	struct reader r = reader_of(sealed);
	struct bytes enc = reader_take(&r, HPKE_ENC_SIZE);
	struct bytes text = reader_take(&r, sealed.n < HPKE_OVERHEAD ? 0 : sealed.n - HPKE_OVERHEAD);
	struct bytes tag = reader_take(&r, HPKE_TAG_SIZE);
	struct aead_key m;
	enum status s = reader_end(&r);

	if (s != OK)
		return s;
	s = agree(k->sk, enc.p, enc.p, k->pk, c, &m);
	if (s == OK)
		s = open_with(&m, c->aad, text, tag.p, out);
	memory_wipe(&m, sizeof m);
	return s;
}
