/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "protocol/message_form.h"

/* --- frame --- */

static const struct field FRAMED_FIELDS[] = {
	FIELD_AT(1, BYTES, struct framed, body, 1, ENROLL_SIZE_MAX),
	FIELD_OPTIONAL(2, BYTES, struct framed, mac, MAC_SIZE, MAC_SIZE),
};

static const struct field_form FRAMED = {
	.fields = FIELD_LIST_OF(FRAMED_FIELDS), .size = sizeof(struct framed), .encoded_max = ENROLL_SIZE_MAX,
};

MESSAGE_CODEC(framed, FRAMED)

/* --- transcript and MACs --- */

void
message_transcript_begin(uint8_t t[TRANSCRIPT_SIZE])
{
	uint8_t digest[HASH_SIZE_MAX];

	hash_compute(HASH_SHA256, BYTES_STRING("bootgate/1 enroll"), digest);
	memcpy(t, digest, TRANSCRIPT_SIZE);
}

void
message_transcript_add(uint8_t t[TRANSCRIPT_SIZE], struct bytes body)
{
	uint8_t digest[HASH_SIZE_MAX];
	struct hash h;

	hash_begin(&h, HASH_SHA256);
	hash_add(&h, bytes_of(t, TRANSCRIPT_SIZE));
	hash_add(&h, body);
	hash_end(&h, digest);
	memcpy(t, digest, TRANSCRIPT_SIZE);
}

enum status
message_enroll_key(const uint8_t t2[TRANSCRIPT_SIZE], const uint8_t secret[32], struct bytes token_key, uint8_t k[32])
{
	uint8_t ikm[32 + TOKEN_KEY_SIZE], prk[HASH_SIZE_MAX];
	struct buffer b = BUFFER(ikm);
	enum status s;

	if (token_key.n != 0 && token_key.n != TOKEN_KEY_SIZE)
		return E_RANGE;
	buffer_bytes(&b, bytes_of(secret, 32));
	buffer_bytes(&b, token_key);
	kdf_hkdf_extract(HASH_SHA256, bytes_of(t2, TRANSCRIPT_SIZE), buffer_view(&b), prk);
	s = kdf_hkdf_expand(HASH_SHA256, bytes_of(prk, 32), BYTES_STRING("bootgate/1 enroll key"), k, 32);
	memory_wipe(ikm, sizeof ikm);
	memory_wipe(prk, sizeof prk);
	return s;
}

void
message_enroll_mac(struct bytes key, const uint8_t t[TRANSCRIPT_SIZE], uint8_t mac[MAC_SIZE])
{
	uint8_t out[HASH_SIZE_MAX];

	hmac_compute(HASH_SHA256, key, bytes_of(t, TRANSCRIPT_SIZE), out);
	memcpy(mac, out, MAC_SIZE);
	memory_wipe(out, sizeof out);
}

/* --- token --- */

#define TOKEN_PREFIX "bg1-"

enum status
message_token_parse(const char *text, uint8_t id[TOKEN_ID_SIZE], uint8_t key[TOKEN_KEY_SIZE])
{
	uint8_t raw[TOKEN_ID_SIZE + TOKEN_KEY_SIZE];
	size_t prefix = strlen(TOKEN_PREFIX), n = 0;
	enum status s;

	if (strncmp(text, TOKEN_PREFIX, prefix) != 0 || strlen(text) != TOKEN_TEXT_SIZE - 1)
		return E_SYNTAX;
	s = text_unhex(text + prefix, raw, sizeof raw, &n);
	if (s == OK && n == sizeof raw) {
		memcpy(id, raw, TOKEN_ID_SIZE);
		memcpy(key, raw + TOKEN_ID_SIZE, TOKEN_KEY_SIZE);
	}
	memory_wipe(raw, sizeof raw);
	return s;
}

void
message_token_format(const uint8_t id[TOKEN_ID_SIZE], const uint8_t key[TOKEN_KEY_SIZE], char out[TOKEN_TEXT_SIZE])
{
	size_t prefix = strlen(TOKEN_PREFIX), middle = prefix + 2 * TOKEN_ID_SIZE;

	memcpy(out, TOKEN_PREFIX, prefix);
	text_hex(bytes_of(id, TOKEN_ID_SIZE), out + prefix, TOKEN_TEXT_SIZE - prefix);
	text_hex(bytes_of(key, TOKEN_KEY_SIZE), out + middle, TOKEN_TEXT_SIZE - middle);
}

/* --- begin: request and answer --- */

static const struct field CERTIFICATE_FIELDS[] = {
	{ .kind = &FIELD_BYTES, .min = 1, .max = CERTIFICATE_SIZE_MAX },
};

static const struct field_list CERTIFICATE = FIELD_LIST_OF(CERTIFICATE_FIELDS);

static const struct field ENROLL_BEGIN_FIELDS[] = {
	FIELD_CONSTANT(1, VERSION, PROTOCOL_VERSION),
	FIELD_OPTIONAL(2, BYTES, struct enroll_begin, token, TOKEN_ID_SIZE, TOKEN_ID_SIZE),
	FIELD_MANY(3, struct enroll_begin, certificate, certificates, &CERTIFICATE, 1, CERTIFICATES_MAX, true),
	FIELD_AT(4, BYTES, struct enroll_begin, ek, 1, PUBLIC_SIZE_MAX),
	FIELD_AT(5, BYTES, struct enroll_begin, ak, 1, PUBLIC_SIZE_MAX),
	FIELD_OPTIONAL(6, TEXT, struct enroll_begin, label, 1, LABEL_MAX),
	FIELD_AT(7, FIXED, struct enroll_begin, nonce, 32, 32),
};

static const struct field_form ENROLL_BEGIN = {
	.fields = FIELD_LIST_OF(ENROLL_BEGIN_FIELDS), .size = sizeof(struct enroll_begin), .encoded_max = ENROLL_SIZE_MAX,
};

MESSAGE_CODEC(enroll_begin, ENROLL_BEGIN)

static const struct field ENROLL_CHALLENGE_FIELDS[] = {
	FIELD_AT(1, BYTES, struct enroll_challenge, session, SESSION_SIZE_MIN, SESSION_SIZE_MAX),
	FIELD_AT(2, BYTES, struct enroll_challenge, blob, 1, CREDENTIAL_BLOB_MAX),
	FIELD_AT(3, BYTES, struct enroll_challenge, seed, 1, CREDENTIAL_SEED_MAX),
	FIELD_AT(4, POINT, struct enroll_challenge, approval_key, 0, EC_POINT_MAX),
	FIELD_AT(5, POINT, struct enroll_challenge, statement_key, 0, EC_POINT_MAX),
	FIELD_AT(6, U32, struct enroll_challenge, epoch, 0, UINT32_MAX),
	FIELD_AT(7, SIGNATURE, struct enroll_challenge, delegation, 1, EC_SIGNATURE_MAX),
	FIELD_AT(8, FIXED, struct enroll_challenge, nonce, 32, 32),
};

static enum status
enroll_challenge_check(const void *self)
{
	const struct enroll_challenge *m = self;

	return ec_public_equal(&m->approval_key, &m->statement_key) ? E_KEY : OK;
}

static const struct field_form ENROLL_CHALLENGE = {
	.fields = FIELD_LIST_OF(ENROLL_CHALLENGE_FIELDS), .size = sizeof(struct enroll_challenge),
	.encoded_max = ENROLL_SIZE_MAX, .check = enroll_challenge_check,
};

MESSAGE_CODEC(enroll_challenge, ENROLL_CHALLENGE)

/* --- finish: request and answer --- */

static const struct field ENROLL_FINISH_FIELDS[] = {
	FIELD_AT(1, BYTES, struct enroll_finish, session, SESSION_SIZE_MIN, SESSION_SIZE_MAX),
	FIELD_AT(2, U32, struct enroll_finish, nv_handle, 0, UINT32_MAX),
	FIELD_AT(3, U32, struct enroll_finish, epoch, 0, UINT32_MAX),
	FIELD_AT(4, FIXED, struct enroll_finish, machine_key, MACHINE_KEY_SIZE, MACHINE_KEY_SIZE),
	FIELD_AT(5, BYTES, struct enroll_finish, attest, 1, QUOTE_SIZE_MAX),
	FIELD_AT(6, BYTES, struct enroll_finish, signature, 1, SIGNATURE_SIZE_MAX),
	FIELD_AT(7, U32, struct enroll_finish, nv_handle_next, 0, UINT32_MAX),
};

static enum status
enroll_finish_check(const void *self)
{
	const struct enroll_finish *m = self;

	return m->nv_handle == m->nv_handle_next ? E_DUPLICATE : OK;
}

static const struct field_form ENROLL_FINISH = {
	.fields = FIELD_LIST_OF(ENROLL_FINISH_FIELDS), .size = sizeof(struct enroll_finish), .encoded_max = ENROLL_SIZE_MAX,
	.check = enroll_finish_check,
};

MESSAGE_CODEC(enroll_finish, ENROLL_FINISH)

static const struct field ENROLL_ANSWER_FIELDS[] = {
	FIELD_AT(1, FIXED, struct enroll_answer, machine, MACHINE_ID_SIZE, MACHINE_ID_SIZE),
	FIELD_AT(2, ENUM, struct enroll_answer, state, ENROLLED_PENDING, ENROLLED_ACTIVE),
	FIELD_OPTIONAL(3, TEXT, struct enroll_answer, text, 1, REASON_TEXT_MAX),
};

static const struct field_form ENROLL_ANSWER = {
	.fields = FIELD_LIST_OF(ENROLL_ANSWER_FIELDS), .size = sizeof(struct enroll_answer), .encoded_max = ENROLL_SIZE_MAX,
};

MESSAGE_CODEC(enroll_answer, ENROLL_ANSWER)
